import type { InitiatorConnector, VolumeResult, VolumeSpec } from '../../src/connectors/connector.js';
import { connectorFor } from '../../src/connectors/registry.js';
import { LongshoreError } from '../../src/errors/longshore-error.js';
import { deadlineIn } from '../../src/time/deadline.js';
import type { Executor } from '../../src/transport/executor.js';
import { readTrace } from '../../src/transport/recording/read-trace.js';
import { HostRecording } from '../../src/transport/recording/recording-executor.js';
import type { Trace } from '../../src/transport/recording/trace-format.js';

/** A client and its array, of the simulator or of the lab: what the compared scenarios want of either. */
export interface ComparedHost {
  /** a connection of its own for each verb */
  readonly open: () => Promise<Executor>;
  /** through two portals, with CHAP */
  readonly volume: VolumeSpec;
  readonly setPortal: (number: 1 | 2, state: 'up' | 'refusing') => Promise<void>;
  /** makes the volume larger on the array; the size in bytes */
  readonly grow: () => Promise<number>;
  /** mounts a device; the returned function ends that */
  readonly mount: (device: string) => Promise<() => Promise<void>>;
  /** is told of each scenario before it begins */
  readonly begin?: (scenario: string) => void;
  /** names of this host and its array, and what stands for them in a comparison */
  readonly names: ReadonlyMap<string, string>;
}

/** What one verb asked and was answered, and how it ended. */
export interface RecordedVerb {
  readonly scenario: string;
  readonly verb: string;
  readonly end: string;
  readonly trace: Trace;
}

type Act = (name: string, work: (connector: InitiatorConnector) => Promise<VolumeResult>) => Promise<VolumeResult>;

interface ComparedScenario {
  readonly name: string;
  readonly play: (host: ComparedHost, act: Act) => Promise<void>;
}

const TIME_MS = 90_000;

const COMPARED_SCENARIOS: readonly ComparedScenario[] = [
  {
    name: 'two paths',
    async play({ volume, grow, mount }, act) {
      const attached = await act('attach', (connector) => connector.attach(volume));
      await act('attach of an attached volume', (connector) => connector.attach(volume));
      await act('status', (connector) => statusOf(connector, volume));
      await act('verify', (connector) => connector.verify(volume));
      const sizeBytes = await grow();
      await act('extend', (connector) => connector.extend({ ...volume, sizeBytes }));
      const unmount = await mount(attached.deviceInfo?.path ?? '');
      await act('detach of a mounted volume', (connector) => connector.detach({ ...volume, sizeBytes }, null));
      await unmount();
      await act('detach', (connector) => connector.detach({ ...volume, sizeBytes }, null));
      await act('detach of an absent volume', (connector) => connector.detach({ ...volume, sizeBytes }, null));
      await act('status of an absent volume', (connector) => statusOf(connector, { ...volume, sizeBytes }));
    },
  },
  {
    name: 'one path',
    async play({ volume }, act) {
      const single = singlePath(volume);
      await act('attach', (connector) => connector.attach(single));
      await act('attach of an attached volume', (connector) => connector.attach(single));
      await act('extend of a volume that has not grown', (connector) => connector.extend(single));
      await act('status', (connector) => statusOf(connector, single));
      await act('detach', (connector) => connector.detach(single, null));
      await act('detach of an absent volume', (connector) => connector.detach(single, null));
    },
  },
  {
    name: 'a portal that refuses',
    async play({ volume: { sizeBytes: _, ...volume }, setPortal }, act) {
      await setPortal(2, 'refusing');
      await act('attach', (connector) => connector.attach(volume));
      await act('status', (connector) => statusOf(connector, volume));
      await setPortal(2, 'up');
      await act('attach of the second path', (connector) => connector.attach(volume));
      await act('detach', (connector) => connector.detach(volume, null));
    },
  },
  {
    name: 'a wrong CHAP secret',
    async play({ volume }, act) {
      const data = { ...volume.data, auth_password: 'not-the-secret-1' };
      await act('attach', (connector) => connector.attach({ ...volume, data }));
      await act('status', (connector) => statusOf(connector, volume));
    },
  },
];

/** Plays every scenario on a host and gives what passed. */
export async function recordScenarios(host: ComparedHost): Promise<readonly RecordedVerb[]> {
  const recorded: RecordedVerb[] = [];
  for (const { name: scenario, play } of COMPARED_SCENARIOS) {
    host.begin?.(scenario);
    await play(host, async (verb, work) => {
      let text = '';
      const recording = new HostRecording('host', { write: (line) => (text += line) });
      const executor = await recording.connect(host.open);
      try {
        const result = await work(
          connectorFor('iscsi', { executor, deadline: deadlineIn(TIME_MS), runId: 'compared' }),
        );
        recorded.push({ scenario, verb, end: endOf(result), trace: readTrace(text, verb) });
        return result;
      } finally {
        await executor.close();
      }
    });
  }
  return recorded;
}

/** What a user sees of it, without names that a kernel hands out. */
function endOf({ outcome, error, sizeBytes, paths, warnings, left = [], steps }: VolumeResult): string {
  const code = error instanceof LongshoreError ? error.code : (error?.message ?? '');
  const shown = paths.map(({ portal, state, identity }) => `${portal} ${state} ${identity}`).toSorted();
  const done = steps.map(({ what, ok }) => `${what} ${String(ok)}`).toSorted();
  return JSON.stringify({ outcome, code, sizeBytes, paths: shown, warnings: warnings.length, left: left.length, done });
}

function singlePath({ data, sizeBytes: _, ...rest }: VolumeSpec): VolumeSpec {
  const first = Object.fromEntries(
    ['portal', 'iqn', 'lun'].map((key) => [`target_${key}`, (data[`target_${key}s`] as readonly unknown[])[0]]),
  );
  const others = Object.fromEntries(Object.entries(data).filter(([key]) => key.startsWith('auth_')));
  return { ...rest, data: { ...first, ...others }, multipath: false };
}

async function statusOf(connector: InitiatorConnector, volume: VolumeSpec): Promise<VolumeResult> {
  const result = (await connector.status([volume])).get(volume.name);
  if (result === undefined) throw new Error(`no status of ${volume.name}`);
  return result;
}
