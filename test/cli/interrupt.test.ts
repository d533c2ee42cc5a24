import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { resultSchema } from '../../src/report/result-schema.js';
import { type FleetFiles, startSimulatedFleet, type SimulatedFleet } from '../../src/simulator/fleet.js';
import { type Running, startLongshore } from './longshore.js';
import { scratchDirectory } from './scratch.js';

let fleet: SimulatedFleet;
let files: FleetFiles;
let scratch: Awaited<ReturnType<typeof scratchDirectory>>;

beforeAll(async () => {
  scratch = await scratchDirectory();
  fleet = await startSimulatedFleet({ hosts: 3 });
  files = await fleet.writeFiles(scratch.directoryPath);
});

afterAll(async () => {
  await fleet.close();
  await scratch[Symbol.asyncDispose]();
});

/** A command that would take ten minutes, on one host at a time. */
function longCommand(...options: string[]): Running {
  return startLongshore([
    ...['exec', '-i', files.inventoryFile, '--known-hosts', files.knownHostsFile, '--fanout', '1'],
    ...['--log-level', 'debug', ...options, '--', 'sleep', '600'],
  ]);
}

describe('Ctrl-C', () => {
  it('ends the run, says which host is in which state, and exits with 130', async () => {
    const running = longCommand('--json');
    await running.stderrHas('"change-leaves"');
    running.signal('SIGINT');
    const { code, stdout, stderr } = await running.ended;
    expect(code).toBe(130);
    expect(stderr).toContain('interrupted  begins no more hosts, lets dock01 end');
    const document = resultSchema.parse(JSON.parse(stdout));
    expect(document).toMatchObject({
      interrupted: true,
      notRun: ['dock02', 'dock03'],
      hosts: { dock01: { outcome: 'unknown', error: { code: 'E_OUTCOME_UNKNOWN' } } },
      totals: { hosts: 3, unknown: 1, notRun: 2 },
    });
  });

  it('twice ends at once and names the hosts whose outcome is unknown', async () => {
    const running = longCommand();
    await running.stderrHas('"change-leaves"');
    running.signal('SIGINT');
    await running.stderrHas('once more to give up at once');
    running.signal('SIGINT');
    const { code, stdout, stderr } = await running.ended;
    expect({ code, stdout }).toEqual({ code: 130, stdout: '' });
    expect(stderr).toContain('unknown  dock01: given up in mid-work');
  });
});

describe('Ctrl-C in the middle of a playbook', () => {
  it('lets the step in flight end, begins no further host, and resume does the rest', async () => {
    await using own = await scratchDirectory();
    const slow = await startSimulatedFleet({ hosts: 2, delays: { loginMs: 1_000 } });
    try {
      const { inventoryFile, knownHostsFile } = await slow.writeFiles(own.directoryPath);
      const args = ['-i', inventoryFile, '--known-hosts', knownHostsFile, '--state-dir', own.directoryPath, '--yes'];
      const running = startLongshore(['run', 'playbooks/attach.yaml', ...args, '--json', '--log-level', 'debug']);
      await running.stderrHas('"step":"login');
      running.signal('SIGINT');
      const { code, stdout, stderr } = await running.ended;
      expect(code, stderr).toBe(130);
      const document = resultSchema.parse(JSON.parse(stdout));
      expect(document).toMatchObject({ interrupted: true, hosts: { dock01: { error: { code: 'E_INTERRUPTED' } } } });
      expect(Object.keys(document.hosts)).toEqual(['dock01']);
      const resumed = await startLongshore(['resume', document.run, ...args]).ended;
      expect(resumed.code, resumed.stderr).toBe(0);
      expect(
        resumed.stdout.match(/path by path {2}dock0\d {2}data {2}ok {2}attached, 2 of 2 paths live/g),
      ).toHaveLength(2);
    } finally {
      await slow.close();
    }
  });
});

describe('Ctrl-C in the middle of an attach', () => {
  it('lets the step in flight end, and the same command goes on from there', async () => {
    await using own = await scratchDirectory();
    // a login that takes long enough for the signal to come in its middle
    const slow = await startSimulatedFleet({ hosts: 2, delays: { loginMs: 1_000 } });
    try {
      const { inventoryFile, knownHostsFile } = await slow.writeFiles(own.directoryPath);
      const args = ['-i', inventoryFile, '--known-hosts', knownHostsFile, '--json'];
      const running = startLongshore(['attach', ...args, '--fanout', '1', '--log-level', 'debug']);
      await running.stderrHas('"step":"login');
      running.signal('SIGINT');
      const { code, stdout } = await running.ended;
      const document = resultSchema.parse(JSON.parse(stdout));
      expect(code).toBe(130);
      expect(document.notRun).toEqual(['dock02']);
      // whatever it says of dock01, nothing is unknown: the login ended
      expect(document.hosts['dock01']?.outcome).not.toBe('unknown');
      expect(document.hosts['dock01']?.error?.code).toBe('E_INTERRUPTED');
      const { warnings } = document.hosts['dock01']?.volumes['data'] ?? {};
      expect(warnings?.join()).toMatch(/may be left on the host .*: node record of .*, session of /);

      const again = await startLongshore(['attach', ...args]).ended;
      expect(again.code).toBe(0);
      const detached = await startLongshore(['detach', ...args]).ended;
      expect(detached.code).toBe(0);
      expect(slow.leftovers()).toEqual([]);
    } finally {
      await slow.close();
    }
  });
});
