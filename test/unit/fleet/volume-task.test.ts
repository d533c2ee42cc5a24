import { describe, expect, it } from 'vitest';
import type {
  DisconnectOptions,
  InitiatorConnector,
  VolumeResult,
  VolumeSpec,
} from '../../../src/connectors/connector.js';
import { LongshoreError } from '../../../src/errors/longshore-error.js';
import type { FleetEvent } from '../../../src/fleet/fleet-event.js';
import { runFleet } from '../../../src/fleet/run-fleet.js';
import { volumeTask, type VolumeTaskOptions, type VolumeVerb } from '../../../src/fleet/volume-task.js';
import { fakeExecutor, ran } from './fake-executor.js';

interface Host {
  readonly name: string;
  readonly volumes: readonly VolumeSpec[];
}

const volume = (name: string, driverVolumeType = 'iscsi'): VolumeSpec => ({ name, driverVolumeType, data: {} });
const result = (outcome: VolumeResult['outcome'], error?: Error): VolumeResult => ({
  outcome,
  paths: [],
  warnings: [],
  steps: [],
  ...(error === undefined ? {} : { error }),
});

/** Answers by volume name, and writes down what it was asked. */
function connector(answers: Readonly<Record<string, VolumeResult | Error>>, asked: unknown[]): InitiatorConnector {
  const answer = (name: string) => {
    const one = answers[name] ?? result('ok');
    if (one instanceof Error) throw one;
    return Promise.resolve(one);
  };
  const known: Partial<InitiatorConnector> = {
    attach: async (spec, options) => {
      asked.push(['attach', spec.name, options?.planOnly]);
      options?.onEvent?.({ type: 'step-started', volume: spec.name, step: 'login', what: 'log in' });
      return answer(spec.name);
    },
    detach: async (spec, deviceInfo, options?: DisconnectOptions) => {
      asked.push(['detach', spec.name, deviceInfo, options?.force, options?.ignoreErrors]);
      return answer(spec.name);
    },
    status: async (specs) => {
      asked.push(['status', ...specs.map(({ name }) => name)]);
      return new Map(await Promise.all(specs.map(async ({ name }) => [name, await answer(name)] as const)));
    },
  };
  return known as InitiatorConnector;
}

async function run(
  verb: VolumeVerb,
  volumes: readonly VolumeSpec[],
  answers: Readonly<Record<string, VolumeResult | Error>>,
  more: Partial<VolumeTaskOptions<Host>> = {},
) {
  const asked: unknown[] = [];
  const events: FleetEvent[] = [];
  const task = volumeTask<Host>(verb, {
    volumesOf: (host) => host.volumes,
    connectorFor: () => connector(answers, asked),
    ...more,
  });
  const fleet = await runFleet([{ name: 'h1', volumes }], task, {
    run: 'r',
    verb,
    connect: (host) => Promise.resolve(fakeExecutor(host.name, () => ran(''))),
    onEvent: (event) => void events.push(event),
  });
  const host = fleet.hosts.get('h1');
  if (host === undefined) throw new Error('the host was not run');
  return { host, asked, events };
}

describe('a storage verb on one host', () => {
  it('does its volumes one after the other, and the host is as good as the worst of them', async () => {
    const busy = new LongshoreError('E_DEVICE_BUSY', 'mounted at /srv');
    const { host, asked } = await run('detach', [volume('a'), volume('b'), volume('c')], {
      a: result('changed'),
      b: result('refused', busy),
    });
    expect(asked).toEqual([
      ['detach', 'a', null, false, false],
      ['detach', 'b', null, false, false],
      ['detach', 'c', null, false, false],
    ]);
    expect(host.outcome).toBe('refused');
    expect(host.error).toBe(busy);
    expect([...(host.volumes ?? [])].map(([name, one]) => [name, one.outcome])).toEqual([
      ['a', 'changed'],
      ['b', 'refused'],
      ['c', 'ok'],
    ]);
  });

  it('a connector that throws fails its volume only', async () => {
    const { host } = await run('attach', [volume('a'), volume('b')], {
      a: new LongshoreError('E_OUTCOME_UNKNOWN', 'the connection was lost'),
      b: result('changed'),
    });
    expect([...(host.volumes ?? [])].map(([name, one]) => [name, one.outcome])).toEqual([
      ['a', 'unknown'],
      ['b', 'changed'],
    ]);
    expect(host).toMatchObject({ outcome: 'unknown', error: { code: 'E_OUTCOME_UNKNOWN' } });
  });

  it('passes steps on as events of the host', async () => {
    const { events } = await run('attach', [volume('a')], {});
    expect(events).toContainEqual({ type: 'step-started', host: 'h1', volume: 'a', step: 'login', what: 'log in' });
  });

  it('status asks once for all volumes of a protocol', async () => {
    const { asked, host } = await run('status', [volume('a'), volume('n', 'nvmeof'), volume('b')], {});
    expect(asked).toEqual([
      ['status', 'a', 'b'],
      ['status', 'n'],
    ]);
    expect([...(host.volumes?.keys() ?? [])]).toEqual(['a', 'n', 'b']);
  });

  it('hands out an executor that cannot change the host for a plan and for status', async () => {
    for (const [verb, planOnly] of [
      ['attach', true],
      ['status', false],
    ] as const) {
      const { host } = await run(
        verb,
        [volume('a')],
        {},
        {
          planOnly,
          connectorFor: (_driver, { executor, deadline }) => {
            const change = async () => {
              await executor.sequence(deadline, [{ kind: 'write', filePath: '/sys/x', content: '1' }]);
              return result('changed');
            };
            const known: Partial<InitiatorConnector> = {
              attach: change,
              status: async () => new Map([['a', await change()]]),
            };
            return known as InitiatorConnector;
          },
        },
      );
      expect(host).toMatchObject({ outcome: 'failed', error: { code: 'E_READ_ONLY' } });
    }
  });
});
