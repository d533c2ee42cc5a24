import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { manualClock, type ManualClock } from '../../src/simulator/clock.js';
import { connectDirectly, DirectExecutor } from '../../src/simulator/direct-executor.js';
import type { FaultEffect } from '../../src/simulator/faults/fault.js';
import { startSimulatedFleet } from '../../src/simulator/fleet.js';
import { createFleetModel, type FleetModel } from '../../src/simulator/fleet-model.js';
import type { SimulatedHost } from '../../src/simulator/host-model.js';
import { deadlineIn } from '../../src/time/deadline.js';
import type { Executor, LaneReply, LaneRequest } from '../../src/transport/executor.js';
import { plantTenant } from '../faults/tenant.js';
import { sshExecutor } from './ssh-executor.js';

const LOCK = { kind: 'lock', name: 'host', owner: 'me', waitMs: 0 } as const;
const SLEEP: LaneRequest = { kind: 'run', argv: ['sleep', '5'], timeoutMs: 20_000 };
let clock: ManualClock;
let fleet: FleetModel;
let host: SimulatedHost;

beforeEach(() => {
  clock = manualClock();
  fleet = createFleetModel({ hosts: 1, chap: false, clock });
  const [first] = fleet.hosts;
  if (first === undefined) throw new Error('no host');
  host = first;
});
afterEach(() => fleet.stop());

function ask(executor: Executor, ...requests: readonly LaneRequest[]): Promise<readonly LaneReply[]> {
  return clock.drive(executor.sequence(deadlineIn(60_000, undefined, clock), requests));
}

/** The replies to two commands, with something that goes wrong with the first of them. */
function askWith(effect: FaultEffect, first: LaneRequest = SLEEP): Promise<readonly LaneReply[]> {
  host.faults.set([{ at: 1, effect }]);
  return ask(new DirectExecutor(host), first, { kind: 'run', argv: ['touch', '/tmp/second'] });
}

function ran(program: string): boolean {
  return host.commands.some(([name]) => name === program);
}

describe('a request that goes wrong', () => {
  it('fails as it was told to, and is not done', async () => {
    const [reply, next] = await askWith({ kind: 'fail', exit: 21, stderr: 'none\n' });
    expect(reply).toMatchObject({ ok: false, exit: 21, stderr: 'none\n' });
    expect([next?.kind, ran('sleep')]).toEqual(['skipped', false]);
  });

  it('hangs until the time limit on the host, and is not done', async () => {
    const [reply] = await askWith({ kind: 'hang', forMs: 100_000 });
    expect([reply, clock.now(), ran('sleep')]).toMatchObject([{ ok: false, exit: 124, timedOut: true }, 20_000, false]);
  });

  it('hangs beyond any limit: the controller gives it up, and it is done all the same, later', async () => {
    await expect(askWith({ kind: 'hang', forMs: 50_000, unkillable: true })).rejects.toMatchObject({
      code: 'E_OUTCOME_UNKNOWN',
    });
    expect(ran('sleep')).toBe(false);
    await clock.advance(60_000);
    expect([ran('sleep'), ran('touch')]).toEqual([true, false]);
  });

  it('strikes only at its number, counted over all connections', async () => {
    host.faults.set([{ at: 3, effect: { kind: 'fail' } }]);
    const echo: LaneRequest = { kind: 'run', argv: ['echo'] };
    expect((await ask(new DirectExecutor(host), echo, echo)).map(({ ok }) => ok)).toEqual([true, true]);
    expect((await ask(new DirectExecutor(host), echo)).map(({ ok }) => ok)).toEqual([false]);
    expect([host.faults.requests, host.faults.struck.length]).toEqual([3, 1]);
  });
});

describe('a connection that is cut', () => {
  it.each([
    ['before', false],
    ['meanwhile', true],
    ['after', true],
  ] as const)('%s a command: the outcome is unknown, and the next one is not begun', async (when, isDone) => {
    await expect(askWith({ kind: 'cut', when })).rejects.toMatchObject({ code: 'E_OUTCOME_UNKNOWN' });
    await clock.advance(30_000);
    expect([ran('sleep'), ran('touch')]).toEqual([isDone, false]);
  });

  it('leaves the lock as long as its last command runs', async () => {
    host.faults.set([{ at: 2, effect: { kind: 'cut', when: 'meanwhile' } }]);
    await expect(ask(new DirectExecutor(host), LOCK, SLEEP)).rejects.toThrow('the connection was lost');
    const next = new DirectExecutor(host);
    expect(await ask(next, LOCK)).toMatchObject([{ ok: false, holder: 'me' }]);
    expect(await ask(next, { ...LOCK, waitMs: 10_000 })).toMatchObject([{ ok: true }]);
    expect(clock.now()).toBe(5000);
  });

  it('is no connection any more, and nothing more is sent by it', async () => {
    const executor = new DirectExecutor(host);
    host.faults.set([{ at: 1, effect: { kind: 'restart-sshd', downMs: 3000 } }]);
    await expect(ask(executor, SLEEP)).rejects.toMatchObject({ code: 'E_OUTCOME_UNKNOWN' });
    await expect(ask(executor, SLEEP)).rejects.toMatchObject({ code: 'E_UNREACHABLE' });
    await expect(connectDirectly(host)).rejects.toMatchObject({ code: 'E_UNREACHABLE' });
    await clock.advance(3000);
    expect((await connectDirectly(host)).host).toBe(host.name);
  });

  it('goes silent: the host goes on with what it was sent, and keeps the lock until it notices', async () => {
    host.faults.set([{ at: 2, effect: { kind: 'silence', noticedMs: 30_000, endsMs: 90_000 } }]);
    const executor = new DirectExecutor(host);
    await expect(ask(executor, LOCK, SLEEP, { kind: 'run', argv: ['touch', '/tmp/x'] })).rejects.toMatchObject({
      code: 'E_OUTCOME_UNKNOWN',
    });
    expect([clock.now(), ran('touch')]).toEqual([30_000, true]);
    await executor.close();
    expect(await ask(new DirectExecutor(host), LOCK)).toMatchObject([{ ok: false }]);
    await clock.advance(60_000);
    expect(await ask(new DirectExecutor(host), LOCK)).toMatchObject([{ ok: true }]);
  });

  it('belongs to a controller that is killed: it never hears of anything again', async () => {
    host.faults.set([{ at: 1, effect: { kind: 'kill-controller', when: 'meanwhile' } }]);
    let killed = 0;
    host.faults.onControllerKilled(() => (killed += 1));
    await expect(ask(new DirectExecutor(host), SLEEP)).rejects.toThrow('no time brings');
    expect([killed, ran('sleep'), host.locks.held]).toEqual([1, true, []]);
  });
});

describe('a reboot', () => {
  it('takes what is in memory; records stay, and automatic ones log in again', async () => {
    const tenant = await clock.drive(plantTenant(fleet, host, 'sessions'));
    const records = host.nodes.entries.length;
    expect(host.leftovers().length).toBeGreaterThan(10);
    const executor = new DirectExecutor(host);
    host.faults.set([{ at: 1, effect: { kind: 'reboot', downMs: 20_000 } }]);
    await expect(ask(executor, SLEEP)).rejects.toMatchObject({ code: 'E_OUTCOME_UNKNOWN' });
    expect(host.leftovers().filter((one) => !one.startsWith('node record'))).toEqual([]);
    expect(host.nodes.entries).toHaveLength(records);
    await clock.advance(21_000);
    expect(host.iscsi.sessions.map(({ facts }) => facts.targetName)).toEqual([tenant.targetName]);
    expect(host.uptimeMs()).toBe(1000);
    expect(fleet.lostData().map(({ data, why }) => `${data}: ${why}`)).toEqual([
      'data of /srv/tenant: power',
      'data of the local disk: power',
      'data of /srv/beside: power',
    ]);
  });
});

describe('the world', () => {
  const wwid = `36001405${'b'.repeat(25)}`;
  const strike = async (effect: FaultEffect): Promise<void> => {
    await clock.drive(plantTenant(fleet, host, 'sessions'));
    host.faults.set([{ at: 1, effect }]);
    await ask(new DirectExecutor(host), { kind: 'run', argv: ['true'] });
  };
  const sync = (): Promise<readonly LaneReply[]> =>
    ask(new DirectExecutor(host), { kind: 'run', argv: ['sync', '-d', `/dev/mapper/${wwid}`], timeoutMs: 60_000 });

  it('has a portal that comes and goes', async () => {
    const [portal = ''] = fleet.portals;
    await strike({ kind: 'portal', portal, state: 'refusing', forMs: 1000, times: 2 });
    const states = [fleet.array.portalState(portal)];
    for (let second = 0; second < 4; second += 1) {
      await clock.advance(1000);
      states.push(fleet.array.portalState(portal));
    }
    expect(states).toEqual(['refusing', 'up', 'refusing', 'up', 'up']);
  });

  it('has a user of the map for a time', async () => {
    await strike({ kind: 'use', wwid, by: 'opener', forMs: 1000 });
    const count = (): number => {
      const map = host.deviceMapper.multipathMap(wwid);
      return map === undefined ? -1 : host.multipath.openCount(map);
    };
    const before = count();
    await clock.advance(1000);
    expect([before, count()]).toEqual([2, 1]);
  });

  it('has an array that fails writes: a map waits for it, and the data is not lost', async () => {
    await strike({ kind: 'write-error', wwid, forMs: 30_000 });
    expect(await sync()).toMatchObject([{ exit: 0 }]);
    expect(clock.now()).toBeGreaterThan(30_000);
    expect(fleet.lostData()).toEqual([]);
  });

  it('has another volume at a LUN: what is written then is seen to be in the wrong place', async () => {
    await strike({ kind: 'remap', targetName: fleet.targetName, lun: 2, wwid: `36001405${'c'.repeat(25)}` });
    expect(await sync()).toMatchObject([{ exit: 0 }]);
    expect(fleet.lostData()).toMatchObject([{ data: 'data of /srv/beside', wwid, state: 'misplaced' }]);
  });

  it('has another controller that takes the lock, and an operator who does not look at it', async () => {
    await strike({ kind: 'other-lock', forMs: 5000 });
    expect(await ask(new DirectExecutor(host), LOCK)).toMatchObject([{ ok: false, holder: 'another controller' }]);
    host.mounts.unmount('/srv/beside');
    host.faults.set([{ at: 1, effect: { kind: 'detached-by-hand', wwid } }]);
    await ask(new DirectExecutor(host), { kind: 'run', argv: ['true'] });
    await clock.advance(10_000);
    expect(host.leftovers().filter((one) => one.includes(wwid) || one.includes(fleet.targetName))).toEqual([]);
    expect(fleet.lostData()).toEqual([]);
  });
});

describe('behind a real SSH server', () => {
  it('the same faults strike: a cut connection, and a host that takes no new one for a time', async () => {
    await using real = await startSimulatedFleet({ hosts: 1 });
    const [simulated] = real.hosts;
    if (simulated === undefined) throw new Error('no host');
    const executor = await sshExecutor(real);
    const effects = [{ kind: 'cut', when: 'after' } as const, { kind: 'restart-sshd', downMs: 60_000 } as const];
    simulated.faults.set(effects.map((effect, index) => ({ at: index + 1, effect })));
    const echo: LaneRequest = { kind: 'run', argv: ['echo', 'one'] };
    await expect(executor.sequence(deadlineIn(10_000), [echo])).rejects.toMatchObject({ code: 'E_OUTCOME_UNKNOWN' });
    const second = await sshExecutor(real);
    await expect(second.sequence(deadlineIn(10_000), [echo])).rejects.toMatchObject({ code: 'E_OUTCOME_UNKNOWN' });
    await expect(sshExecutor(real)).rejects.toMatchObject({ code: 'E_UNREACHABLE' });
    expect(simulated.commands).toEqual([
      ['echo', 'one'],
      ['echo', 'one'],
    ]);
    await Promise.all([executor.close(), second.close()]);
  });
});
