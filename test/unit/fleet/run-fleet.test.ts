import { describe, expect, it, vi } from 'vitest';
import { LongshoreError } from '../../../src/errors/longshore-error.js';
import { execTask } from '../../../src/fleet/exec-task.js';
import type { FleetEvent } from '../../../src/fleet/fleet-event.js';
import { runFleet } from '../../../src/fleet/run-fleet.js';
import type { HostTask } from '../../../src/fleet/run-host.js';
import { fakeExecutor, ran } from './fake-executor.js';

interface FakeHost {
  readonly name: string;
}
const named = (count: number): FakeHost[] => Array.from({ length: count }, (_, i) => ({ name: `h${i + 1}` }));
const connect = (host: FakeHost) => Promise.resolve(fakeExecutor(host.name, () => ran('hello\n')));
const base = { run: 'r', verb: 'exec', connect };
const nothing: HostTask<FakeHost> = () => Promise.resolve({ outcome: 'ok' });

function gate(): { readonly opened: Promise<void>; open: () => void } {
  let open = () => undefined as void;
  const opened = new Promise<void>((resolve) => (open = resolve));
  return { opened, open };
}

describe('a fleet run', () => {
  it('runs the task on every host and counts what it cost', async () => {
    const result = await runFleet(named(3), execTask(['echo', 'hello']), base);
    expect([...result.hosts.keys()]).toEqual(['h1', 'h2', 'h3']);
    expect(result.hosts.get('h2')).toMatchObject({
      outcome: 'ok',
      roundTrips: 1,
      remoteProcesses: 1,
      bytesIn: 10,
      bytesOut: 20,
      command: { exit: 0, stdout: 'hello\n' },
    });
    expect(result.notRun).toEqual([]);
    expect(result.interrupted).toBe(false);
  });

  it('never works on more hosts at once than the fanout', async () => {
    let now = 0;
    let most = 0;
    const task: HostTask<FakeHost> = async () => {
      most = Math.max(most, ++now);
      await new Promise((resolve) => setImmediate(resolve));
      now -= 1;
      return { outcome: 'ok' };
    };
    await runFleet(named(40), task, { ...base, fanout: 7 });
    expect(most).toBe(7);
  });

  it.each([
    ['E_UNREACHABLE', 'unreachable'],
    ['E_HOST_KEY', 'unreachable'],
    ['E_AUTH', 'unreachable'],
    ['E_DEVICE_BUSY', 'refused'],
    ['E_IDENTITY_MISMATCH', 'refused'],
    ['E_LOCKED', 'refused'],
    ['E_OUTCOME_UNKNOWN', 'unknown'],
    ['E_COMMAND', 'failed'],
  ] as const)('a host that ends with %s is %s, and the others go on', async (code, outcome) => {
    const task: HostTask<FakeHost> = (host) =>
      host.name === 'h2' ? Promise.reject(new LongshoreError(code, 'no')) : Promise.resolve({ outcome: 'changed' });
    const result = await runFleet(named(3), task, base);
    expect([...result.hosts.values()].map((host) => host.outcome)).toEqual(['changed', outcome, 'changed']);
    expect(result.hosts.get('h2')?.error?.code).toBe(code);
  });

  it('a host whose task throws something unexpected fails as an internal error', async () => {
    const task: HostTask<FakeHost> = () => {
      throw new TypeError('x is not a function');
    };
    const result = await runFleet(named(1), task, base);
    expect(result.hosts.get('h1')).toMatchObject({ outcome: 'failed', error: { code: 'E_INTERNAL' } });
  });

  it('closes the connection also when the task fails', async () => {
    const executor = fakeExecutor('h1', () => ran(''));
    await runFleet(named(1), () => Promise.reject(new Error('no')), {
      ...base,
      connect: () => Promise.resolve(executor),
    });
    expect(executor.state.closed).toBe(1);
  });

  it('emits the life of each host', async () => {
    const events: FleetEvent[] = [];
    await runFleet(named(2), nothing, { ...base, fanout: 1, onEvent: (event) => void events.push(event) });
    expect(events.map((event) => ('host' in event ? `${event.type} ${event.host}` : event.type))).toEqual([
      'run-started',
      'host-started h1',
      'host-connected h1',
      'host-ended h1',
      'host-started h2',
      'host-connected h2',
      'host-ended h2',
      'run-ended',
    ]);
  });

  it('warns of no listener leak with many hosts on one interrupt signal', async () => {
    const warnings: Error[] = [];
    const onWarning = (warning: Error) => void warnings.push(warning);
    process.on('warning', onWarning);
    await runFleet(named(300), nothing, { ...base, fanout: 300, interrupt: new AbortController().signal });
    await new Promise((resolve) => setImmediate(resolve));
    process.off('warning', onWarning);
    expect(warnings).toEqual([]);
  });
});

describe('an interrupt', () => {
  it('lets the running host end, begins no other one, and names those', async () => {
    const controller = new AbortController();
    const { opened, open } = gate();
    const task: HostTask<FakeHost> = async () => {
      controller.abort();
      await opened;
      return { outcome: 'changed' };
    };
    const running = runFleet(named(3), task, { ...base, fanout: 1, interrupt: controller.signal });
    open();
    const result = await running;
    expect([...result.hosts]).toHaveLength(1);
    expect(result.hosts.get('h1')?.outcome).toBe('changed');
    expect(result.notRun).toEqual(['h2', 'h3']);
    expect(result.interrupted).toBe(true);
  });

  it('stops a host before its next step at once, while the signal leaves a step in flight its grace', async () => {
    const controller = new AbortController();
    let abortedAtOnce = true;
    const task: HostTask<FakeHost> = (_, { deadline }) => {
      controller.abort();
      abortedAtOnce = deadline.signal.aborted;
      deadline.check();
      return Promise.resolve({ outcome: 'ok' });
    };
    const result = await runFleet(named(1), task, { ...base, interrupt: controller.signal });
    expect(abortedAtOnce).toBe(false);
    expect(result.hosts.get('h1')).toMatchObject({ outcome: 'failed', error: { code: 'E_INTERRUPTED' } });
  });

  it('drops work that changes nothing at once, and leaves nothing unknown', async () => {
    const controller = new AbortController();
    const task: HostTask<FakeHost> = () => {
      controller.abort();
      return new Promise<never>(() => undefined);
    };
    const options = { ...base, interrupt: controller.signal, changesHosts: false };
    const result = await runFleet(named(1), task, options);
    expect(result.hosts.get('h1')).toMatchObject({ outcome: 'failed', error: { code: 'E_INTERRUPTED' } });
  });

  it('while connecting leaves the host not run', async () => {
    const controller = new AbortController();
    const result = await runFleet(named(1), nothing, {
      ...base,
      interrupt: controller.signal,
      connect: () => {
        controller.abort();
        return Promise.reject(new LongshoreError('E_INTERRUPTED', 'interrupted'));
      },
    });
    expect(result.notRun).toEqual(['h1']);
    expect(result.hosts.size).toBe(0);
  });
});

describe('a host that hangs', () => {
  it('is given up as unknown some time after its deadline, and a late connection is closed', async () => {
    vi.useFakeTimers({ toFake: ['setTimeout', 'clearTimeout'] });
    try {
      // AbortSignal.timeout is not faked, so the run's own interrupt stands for the deadline here
      const controller = new AbortController();
      const { opened, open } = gate();
      const result = runFleet(
        named(1),
        () => {
          open();
          return new Promise<never>(() => undefined);
        },
        { ...base, interrupt: controller.signal, interruptGraceMs: 0 },
      );
      await opened;
      controller.abort();
      await vi.advanceTimersByTimeAsync(6_000);
      expect((await result).hosts.get('h1')).toMatchObject({
        outcome: 'unknown',
        error: { code: 'E_OUTCOME_UNKNOWN' },
      });
    } finally {
      vi.useRealTimers();
    }
  });

  it('that never connects is unreachable when its time is up', async () => {
    const result = await runFleet(named(1), nothing, {
      ...base,
      hostTimeoutMs: 5,
      connect: () => new Promise<never>(() => undefined),
    });
    expect(result.hosts.get('h1')).toMatchObject({ outcome: 'unreachable', error: { code: 'E_UNREACHABLE' } });
  });
});
