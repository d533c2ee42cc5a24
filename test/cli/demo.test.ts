import { readdir } from 'node:fs/promises';
import { describe, expect, it } from 'vitest';
import * as z from 'zod';
import { resultSchema } from '../../src/report/result-schema.js';
import { longshore } from './longshore.js';
import { scratchDirectory } from './scratch.js';

const demoSchema = z.object({ hosts: z.number(), runs: z.array(resultSchema), leftovers: z.array(z.string()) });

describe('the demo', () => {
  it('attaches, shows and detaches on 20 hosts, leaves nothing there and nothing here', async () => {
    await using scratch = await scratchDirectory();
    const { code, stdout, stderr } = await longshore(['demo'], { env: { TMPDIR: scratch.directoryPath } });
    expect({ code, stderr }).toEqual({ code: 0, stderr: '' });
    expect(stdout).toMatch(/^dock\[01-20\] +data +attached +\/dev\/\S+ +1 GiB +2\/2 live$/m);
    expect(stdout).toMatch(/^dock\[01-20\] +data +detached$/m);
    expect(stdout).toMatch(/^20 hosts: 20 changed · .* round trips per host$/m);
    expect(stdout).toMatch(/^0 leftovers\b/m);
    expect((await readdir(scratch.directoryPath)).filter((name) => name.startsWith('longshore'))).toEqual([]);
  });

  it('tells the same as one JSON document', async () => {
    const { code, stdout, stderr } = await longshore(['demo', '--hosts', '3', '--json']);
    expect({ code, stderr }).toEqual({ code: 0, stderr: '' });
    const { hosts, runs, leftovers } = demoSchema.parse(JSON.parse(stdout));
    expect({ hosts, leftovers, verbs: runs.map(({ verb }) => verb) }).toEqual({
      hosts: 3,
      leftovers: [],
      verbs: ['attach', 'status', 'detach'],
    });
    expect(runs.map(({ totals }) => [totals.ok, totals.changed])).toEqual([
      [0, 3],
      [3, 0],
      [0, 3],
    ]);
  });
});
