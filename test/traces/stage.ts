import type { InitiatorConnector, VolumeResult, VolumeSpec } from '../../src/connectors/connector.js';
import { IscsiConnector } from '../../src/connectors/iscsi/iscsi-connector.js';
import { LongshoreError } from '../../src/errors/longshore-error.js';
import { manualClock } from '../../src/simulator/clock.js';
import { DirectExecutor } from '../../src/simulator/direct-executor.js';
import { createFleetModel, type FleetModel, type FleetModelOptions } from '../../src/simulator/fleet-model.js';
import type { SimulatedHost } from '../../src/simulator/host-model.js';
import { deadlineIn, type Deadline } from '../../src/time/deadline.js';
import type { Executor, LaneRequest, RepliesTo } from '../../src/transport/executor.js';
import { normaliseTrace } from '../../src/transport/recording/normalise-trace.js';
import { readTrace } from '../../src/transport/recording/read-trace.js';
import { HostRecording } from '../../src/transport/recording/recording-executor.js';
import { HostReplay } from '../../src/transport/recording/replay-executor.js';
import type { Trace } from '../../src/transport/recording/trace-format.js';

/** What a scenario does with its one host. */
export interface Stage {
  /** a volume of the host, as its array knows it */
  readonly volume: VolumeSpec;
  /** Does what is not part of the recording: another controller's work, or the world's. Left out in a replay. */
  prepare(work: (hands: Hands) => Promise<void> | void): Promise<void>;
  /** A verb that is recorded or replayed, with a connector and a connection of its own. */
  verb(work: (connector: InitiatorConnector) => Promise<VolumeResult>): Promise<void>;
}

export interface Hands {
  readonly fleet: FleetModel;
  readonly host: SimulatedHost;
  readonly executor: Executor;
  readonly connector: InitiatorConnector;
}

export interface TraceScenario {
  readonly name: string;
  readonly fleet?: Partial<FleetModelOptions>;
  /** how the verbs end: the outcome, and the code of the error if there is one */
  readonly ends: readonly string[];
  play(stage: Stage): Promise<void>;
}

export interface Performance {
  readonly ends: readonly string[];
  /** as it was written */
  readonly recorded: string;
  /** what must not be in it */
  readonly secrets: readonly string[];
}

/** How long one verb may take; the simulated time runs as fast as this machine lets it. */
export const VERB_MS = 60_000;

/** Plays a scenario on a simulated host whose time moves only while somebody waits, so that it goes the same way every time. */
export async function recordScenario(scenario: TraceScenario): Promise<Performance> {
  const clock = manualClock();
  const fleet = createFleetModel({ hosts: 1, ...scenario.fleet, clock });
  const [host] = fleet.hosts;
  if (host === undefined) throw new Error('no host');
  let recorded = '';
  const recording = new HostRecording(host.name, { write: (text) => (recorded += text) });
  const ends: string[] = [];
  const inTime = async <T>(work: Promise<T>): Promise<T> => {
    const state = { isDone: false };
    const done = work.finally(() => (state.isDone = true));
    while (!state.isDone) await clock.advance(1);
    return done;
  };
  const use = async <T>(executor: Executor, work: (connector: InitiatorConnector) => Promise<T>): Promise<T> => {
    try {
      return await inTime(work(new IscsiConnector({ executor, deadline: deadlineIn(VERB_MS), runId: 'test' })));
    } finally {
      await executor.close();
    }
  };
  try {
    await scenario.play({
      volume: volumeOf(fleet),
      prepare: async (work) => {
        const executor = new DirectExecutor(host);
        await use(executor, (connector) => Promise.resolve(work({ fleet, host, executor, connector })));
      },
      verb: async (work) => {
        ends.push(endOf(await use(recording.wrap(answeringLater(new DirectExecutor(host))), work)));
      },
    });
  } finally {
    fleet.stop();
  }
  const secrets = fleet.volumes.flatMap(({ connectionInfo: { data } }) =>
    typeof data['auth_password'] === 'string' ? [data['auth_password']] : [],
  );
  return { ends, recorded, secrets: [...secrets, WRONG_SECRET] };
}

/** A CHAP secret that the array does not know. */
export const WRONG_SECRET = 'planted-and-wrong';

/** Plays a scenario against a recording of it, without any host. Throws `E_REPLAY` when it goes another way. */
export async function replayScenario(scenario: TraceScenario, trace: Trace): Promise<readonly string[]> {
  const replay = new HostReplay(trace);
  const ends: string[] = [];
  const fleet = createFleetModel({ hosts: 1, ...scenario.fleet });
  fleet.stop();
  await scenario.play({
    volume: volumeOf(fleet),
    prepare: () => Promise.resolve(),
    verb: async (work) => {
      const executor = await replay.connect();
      const connector = new IscsiConnector({ executor, deadline: deadlineIn(VERB_MS), runId: 'another run' });
      ends.push(endOf(await work(connector)));
      await executor.close();
    },
  });
  replay.finish();
  return ends;
}

/** A recording as it is kept in `test/traces`. */
export function goldenTrace(recorded: string): Trace {
  return normaliseTrace(readTrace(recorded, 'the new recording')).trace;
}

export function goldenFile(name: string): URL {
  return new URL(`${name}.jsonl`, import.meta.url);
}

function volumeOf(fleet: FleetModel): VolumeSpec {
  const [found] = fleet.volumes;
  if (found === undefined) throw new Error('no volume');
  const { name, connectionInfo, wwid, sizeBytes } = found;
  return { name, driverVolumeType: 'iscsi', data: connectionInfo.data, wwid, sizeBytes };
}

function endOf({ outcome, error }: VolumeResult): string {
  if (error === undefined) return outcome;
  return `${outcome} ${error instanceof LongshoreError ? error.code : String(error)}`;
}

/** As on a wire: an answer comes in a later turn of the event loop than the question. */
function answeringLater(executor: Executor): Executor {
  return {
    host: executor.host,
    async sequence<const R extends readonly LaneRequest[]>(deadline: Deadline, requests: R): Promise<RepliesTo<R>> {
      const replies = await executor.sequence(deadline, requests);
      await new Promise((resolve) => setImmediate(resolve));
      return replies;
    },
    prepareLanes: (count) => executor.prepareLanes(count),
    counters: () => executor.counters(),
    close: () => executor.close(),
  };
}
