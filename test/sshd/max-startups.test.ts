import { afterEach, describe, expect, it } from 'vitest';
import { execTask } from '../../src/fleet/exec-task.js';
import type { FleetEvent } from '../../src/fleet/fleet-event.js';
import { runFleet } from '../../src/fleet/run-fleet.js';
import type { Deadline } from '../../src/time/deadline.js';
import type { Executor } from '../../src/transport/executor.js';
import { connectSsh } from '../../src/transport/ssh-connection.js';
import type { SshOptions } from '../../src/transport/ssh-options.js';
import { connectSystemSsh } from '../../src/transport/system-ssh-connection.js';
import { makeKey } from './sshd-fixture.js';
import { systemOptions } from './system-ssh-options.js';
import { type SshdDaemon, startSshdDaemon } from './sshd-daemon.js';

let sshd: SshdDaemon | undefined;
afterEach(async () => {
  await sshd?.close();
  sshd = undefined;
});

const named = (count: number) => Array.from({ length: count }, (_, i) => ({ name: `h${i + 1}` }));

type Connect = (host: string, deadline: Deadline) => Promise<Executor>;

function bySsh2(changes: Partial<SshOptions> = {}): Connect {
  return (host, deadline) => connectSsh(started().options({ host, ...changes }), deadline);
}

async function bySystemSsh(host: string, deadline: Deadline): Promise<Executor> {
  return connectSystemSsh(await systemOptions(started(), { host }), deadline);
}

function started(): SshdDaemon {
  if (sshd === undefined) throw new Error('no sshd');
  return sshd;
}

/** Many hosts behind the one sshd, as behind a jump host. */
async function runBehind(count: number, open: Connect) {
  const events: FleetEvent[] = [];
  let connects = 0;
  const result = await runFleet(named(count), execTask(['echo', 'hello']), {
    run: 'r',
    verb: 'exec',
    entryOf: () => 'the sshd',
    connect: (host, deadline) => {
      connects += 1;
      return open(host.name, deadline);
    },
    onEvent: (event) => void events.push(event),
  });
  const drops = events.filter((event) => event.type === 'host-dropped');
  return { hosts: [...result.hosts.values()], drops, connects };
}

describe('an sshd that drops connections before login', () => {
  it.each([
    ['one login at a time', '1:100:1', 24, bySsh2()],
    ['some of them at random', '2:60:20', 40, bySsh2()],
    ["one login at a time, by the system's ssh", '1:100:1', 8, bySystemSsh],
  ] as const)('%s: every host is reached, by fewer connects at once', async (_, maxStartups, count, open) => {
    const dropped: string[] = [];
    sshd = await startSshdDaemon({
      config: [`MaxStartups ${maxStartups}`],
      onLog: (line) => void (/drop connection|MaxStartups/.test(line) && dropped.push(line)),
    });
    const { hosts, drops, connects } = await runBehind(count, open);
    expect(hosts.map(({ outcome, command, error }) => [outcome, command?.stdout ?? error?.message])).toEqual(
      Array.from({ length: count }, () => ['ok', 'hello\n']),
    );
    expect(dropped.length).toBeGreaterThan(0);
    expect(drops.length).toBeGreaterThan(0);
    expect(connects).toBe(count + drops.length);
    expect(Math.min(...drops.map(({ atOnce }) => atOnce))).toBeLessThan(count / 2);
  });

  it('a login that is refused is not tried again', async () => {
    sshd = await startSshdDaemon();
    const stranger = makeKey(sshd.directory, 'stranger');
    const { hosts, drops, connects } = await runBehind(3, bySsh2({ privateKeys: [{ filePath: stranger }] }));
    expect(hosts.map(({ outcome, error }) => [outcome, error?.code])).toEqual(
      Array.from({ length: 3 }, () => ['unreachable', 'E_AUTH']),
    );
    expect(drops).toEqual([]);
    expect(connects).toBe(3);
  });
});
