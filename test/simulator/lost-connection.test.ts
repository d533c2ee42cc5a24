import { describe, expect, it } from 'vitest';
import type { VolumeResult, VolumeSpec } from '../../src/connectors/connector.js';
import { IscsiConnector } from '../../src/connectors/iscsi/iscsi-connector.js';
import { LongshoreError } from '../../src/errors/longshore-error.js';
import { DirectExecutor } from '../../src/simulator/direct-executor.js';
import { createFleetModel } from '../../src/simulator/fleet-model.js';
import type { SimulatedHost } from '../../src/simulator/host-model.js';
import { deadlineIn } from '../../src/time/deadline.js';
import type { Executor } from '../../src/transport/executor.js';
import { ReconnectingExecutor } from '../../src/transport/reconnecting-executor.js';

/** A connection that is lost with its `nth` sequence: before the host has it, or after it has done it. */
function losing(
  host: SimulatedHost,
  nth: number,
  when: 'before' | 'after',
): Executor & { readonly hasLost: () => boolean } {
  const inner = new DirectExecutor(host);
  let count = 0;
  let hasLost = false;
  return {
    host: host.name,
    hasLost: () => hasLost,
    async sequence(deadline, requests) {
      count += 1;
      const isLost = count >= nth;
      if (isLost) hasLost = true;
      const replies = isLost && when === 'before' ? null : await inner.sequence(deadline, requests);
      if (isLost || replies === null) throw new LongshoreError('E_OUTCOME_UNKNOWN', 'the connection was lost');
      return replies;
    },
    prepareLanes: () => undefined,
    counters: () => inner.counters(),
    close: () => inner.close(),
  };
}

interface Site {
  readonly host: SimulatedHost;
  readonly volume: VolumeSpec;
  readonly leftovers: () => readonly string[];
}

async function site(work: (site: Site) => Promise<void>): Promise<void> {
  const fleet = createFleetModel({ hosts: 1 });
  try {
    const [host] = fleet.hosts;
    const [found] = fleet.volumes;
    if (host === undefined || found === undefined) throw new Error('no host');
    const { name, connectionInfo, wwid, sizeBytes } = found;
    const volume = { name, driverVolumeType: 'iscsi', data: connectionInfo.data, wwid, sizeBytes };
    await work({ host, volume, leftovers: () => fleet.leftovers() });
  } finally {
    fleet.stop();
  }
}

async function perform(
  verb: 'attach' | 'detach',
  { volume }: Site,
  first: Executor,
  connect: () => Promise<Executor>,
): Promise<VolumeResult> {
  const executor = new ReconnectingExecutor(first, { connect, pausesMs: [] });
  const connector = new IscsiConnector({ executor, deadline: deadlineIn(60_000), runId: 'test' });
  try {
    return verb === 'attach' ? await connector.attach(volume) : await connector.detach(volume, null);
  } finally {
    await executor.close();
  }
}

describe('a connection that is lost in the middle of a verb', () => {
  it.each(['before', 'after'] as const)(
    'at any point, %s the host has done it: attach and detach reach their goal and prove it',
    async (when) => {
      let points = 0;
      for (let nth = 1, isLost = true; isLost; nth += 1) {
        isLost = false;
        await site(async (here) => {
          for (const verb of ['attach', 'detach'] as const) {
            const first = losing(here.host, nth, when);
            const result = await perform(verb, here, first, () => Promise.resolve(new DirectExecutor(here.host)));
            expect([verb, nth, result.outcome, result.error?.message]).toEqual([verb, nth, 'changed', undefined]);
            if (verb === 'attach') expect(result.paths.map(({ identity }) => identity)).toEqual(['live', 'live']);
            if (first.hasLost()) {
              expect(result.warnings.join()).toContain('the connection was lost');
              points += 1;
              isLost = true;
            }
          }
          expect(here.leftovers()).toEqual([]);
        });
      }
      expect(points).toBeGreaterThan(6);
    },
  );

  it('without a way back the outcome is unknown', async () => {
    await site(async (here) => {
      const gone = () => Promise.reject(new LongshoreError('E_UNREACHABLE', 'no route to the host'));
      const result = await perform('attach', here, losing(here.host, 2, 'after'), gone);
      expect(result).toMatchObject({ outcome: 'unknown', error: { code: 'E_OUTCOME_UNKNOWN' } });
      expect(result.error?.message).toContain('no route to the host');
    });
  });

  it('another controller that has come in between: unknown, and nothing more is changed', async () => {
    await site(async (here) => {
      const other = new DirectExecutor(here.host);
      let commands = 0;
      const result = await perform('attach', here, losing(here.host, 2, 'after'), async () => {
        await other.sequence(deadlineIn(1000), [
          { kind: 'lock', name: 'host', owner: 'run of somebody else', waitMs: 0 },
        ]);
        commands = changing(here.host);
        return shortOfPatience(new DirectExecutor(here.host));
      });
      expect(result).toMatchObject({ outcome: 'unknown', error: { code: 'E_OUTCOME_UNKNOWN' } });
      expect(result.error?.message).toContain('run of somebody else');
      expect(changing(here.host)).toBe(commands);
      await other.close();
    });
  });
});

/** Commands beside the question for what hangs, which changes nothing. */
function changing({ commands }: SimulatedHost): number {
  return commands.filter(([program]) => program !== 'awk').length;
}

/** Does not wait for a lock, so that the test need not. */
function shortOfPatience(executor: Executor): Executor {
  return {
    host: executor.host,
    sequence: (deadline, requests) =>
      executor.sequence(
        deadline,
        requests.map((request) =>
          request.kind === 'lock' ? { ...request, waitMs: 0 } : request,
        ) as unknown as typeof requests,
      ),
    prepareLanes: () => undefined,
    counters: () => executor.counters(),
    close: () => executor.close(),
  };
}
