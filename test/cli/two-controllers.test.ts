import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { resultSchema } from '../../src/report/result-schema.js';
import { type FleetFiles, startSimulatedFleet, type SimulatedFleet } from '../../src/simulator/fleet.js';
import { type Ended, longshore, startLongshore } from './longshore.js';
import { scratchDirectory } from './scratch.js';

let fleet: SimulatedFleet;
let files: FleetFiles;
let scratch: Awaited<ReturnType<typeof scratchDirectory>>;

beforeAll(async () => {
  scratch = await scratchDirectory();
  fleet = await startSimulatedFleet({ hosts: 2, delays: { loginMs: 500 } });
  files = await fleet.writeFiles(scratch.directoryPath);
});

afterAll(async () => {
  await fleet.close();
  await scratch[Symbol.asyncDispose]();
});

const args = (verb: string, ...more: readonly string[]): string[] => [
  ...[verb, '-i', files.inventoryFile, '--known-hosts', files.knownHostsFile, '--json'],
  ...more,
];

const hostIn = ({ stdout }: Ended, host = 'dock01') => resultSchema.parse(JSON.parse(stdout)).hosts[host];

describe('two controllers at one volume of one host', () => {
  it('one that is frozen holds the host: the other is told who, changes nothing, and can go on when the first one ends', async () => {
    const frozen = startLongshore(args('attach', '--limit', 'dock01', '--log-level', 'debug'));
    await frozen.stderrHas('"step":"login');
    frozen.signal('SIGSTOP');
    try {
      const other = await longshore(args('detach', '--limit', 'dock01', '--timeout', '4'));
      expect({ code: other.code, host: hostIn(other) }).toMatchObject({
        code: 5,
        host: { outcome: 'refused', error: { code: 'E_LOCKED' } },
      });
      expect(hostIn(other)?.error?.message).toContain(`pid ${frozen.pid}`);
    } finally {
      frozen.signal('SIGKILL');
      await frozen.ended;
    }
    // what it had begun ends on the host, and is nobody's until somebody looks
    const after = await longshore(args('attach', '--limit', 'dock01'));
    expect(after.code, after.stdout).toBe(0);
    expect(hostIn(after)?.volumes['data']?.paths).toHaveLength(2);
    expect((await longshore(args('detach', '--limit', 'dock01'))).code).toBe(0);
    expect(fleet.leftovers()).toEqual([]);
  });

  it('both at once: each says what is true, and the volume is there once', async () => {
    const ends = await Promise.all([1, 2].map(() => longshore(args('attach', '--limit', 'dock01'))));
    const outcomes = ends.map((end) => hostIn(end)?.outcome ?? 'none');
    expect(outcomes).toContain('changed');
    expect(
      outcomes.every((outcome) => ['changed', 'ok', 'refused'].includes(outcome)),
      outcomes.join(),
    ).toBe(true);
    expect(outcomes.filter((outcome) => outcome === 'changed')).toHaveLength(1);
    const shown = hostIn(await longshore(args('status', '--limit', 'dock01')));
    expect(shown?.volumes['data']?.paths).toHaveLength(2);
    expect((await longshore(args('detach', '--limit', 'dock01'))).code).toBe(0);
    expect(fleet.leftovers()).toEqual([]);
  });
});

describe('a journal that cannot be written, as on a full disk', () => {
  it.each([0, 3])('changes nothing when no file may be larger than %i blocks', async (fileLimit) => {
    const full = await longshore(args('attach', '--limit', 'dock02'), { fileLimit });
    expect(full.code).not.toBe(0);
    expect(full.stdout + full.stderr).toContain('cannot be written (EFBIG): no change is made without it');
    const [, host] = fleet.hosts;
    expect(host?.commands.filter((argv) => argv.includes('--login') || argv.includes('new'))).toEqual([]);
    expect(fleet.leftovers()).toEqual([]);
  });
});
