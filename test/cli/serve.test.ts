import { existsSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { longshore, startLongshore } from './longshore.js';
import { scratchDirectory } from './scratch.js';

describe('demo --serve', () => {
  it('keeps simulated hosts up for other commands until Ctrl-C, then says what is left on them', async () => {
    await using scratch = await scratchDirectory();
    const directory = join(scratch.directoryPath, 'fleet');
    const serving = startLongshore(['demo', '--hosts', '2', '--serve', directory]);
    await serving.stdoutHas('until Ctrl-C');
    const reach = ['-i', join(directory, 'inventory.yaml'), '--known-hosts', join(directory, 'known_hosts')];
    const inventory = readFileSync(join(directory, 'inventory.yaml'), 'utf8');
    expect(new Set(inventory.match(/ansible_host: 127\.\S+/g)).size).toBe(process.platform === 'linux' ? 2 : 1);
    const attached = await longshore(['attach', ...reach]);
    expect(attached.code).toBe(0);
    expect(attached.stdout).toMatch(/^dock\[01-02\] +data +attached/m);
    const again = await longshore(['demo', '--serve', directory]);
    expect(again).toMatchObject({ code: 3, stdout: '' });
    expect(again.stderr).toContain('there is an inventory.yaml in');
    serving.signal('SIGINT');
    const { code, stdout } = await serving.ended;
    expect(code).toBe(0);
    expect(stdout).toMatch(/^\d\d leftovers on the simulated hosts$/m);
    expect(stdout).toContain('  dock01: session');
    expect(existsSync(join(directory, 'inventory.yaml'))).toBe(false);
  });
});
