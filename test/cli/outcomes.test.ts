import { describe, expect, it } from 'vitest';
import { resultSchema } from '../../src/report/result-schema.js';
import { startSimulatedFleet } from '../../src/simulator/fleet.js';
import { longshore, startLongshore } from './longshore.js';
import { scratchDirectory } from './scratch.js';

describe('what a host says no to, or leaves unknown, has an exit code of its own', () => {
  it('5: a mounted volume is not detached; the other host is, and both are told', async () => {
    await using scratch = await scratchDirectory();
    await using fleet = await startSimulatedFleet({ hosts: 2 });
    const { inventoryFile, knownHostsFile } = await fleet.writeFiles(scratch.directoryPath);
    const args = ['-i', inventoryFile, '--known-hosts', knownHostsFile];
    expect((await longshore(['attach', ...args])).code).toBe(0);
    fleet.hosts[1]?.mount('dm-0', '/srv/data');
    const before = fleet.leftovers().filter((one) => one.startsWith('dock02'));

    const { code, stdout, stderr } = await longshore(['detach', ...args]);
    expect(code).toBe(5);
    expect(stdout).toMatch(/^dock01 +data +detached/m);
    expect(stdout).toMatch(/^dock02 +data +refused/m);
    expect(stderr).toMatch(/^refused {2}dock02: E_DEVICE_BUSY .*\/srv\/data/m);
    expect(stderr).toContain('2 hosts: 1 changed, 1 refused');
    expect(fleet.leftovers()).toEqual(before);

    const document = resultSchema.parse(JSON.parse((await longshore(['detach', ...args, '--json'])).stdout));
    expect(document.hosts['dock02']?.volumes['data']).toMatchObject({
      outcome: 'refused',
      error: { code: 'E_DEVICE_BUSY' },
    });
  });

  it('6: a connection that is lost in mid-command leaves the outcome unknown', async () => {
    await using scratch = await scratchDirectory();
    await using fleet = await startSimulatedFleet({ hosts: 2 });
    const { inventoryFile, knownHostsFile } = await fleet.writeFiles(scratch.directoryPath);
    const args = ['-i', inventoryFile, '--known-hosts', knownHostsFile, '--log-level', 'debug'];
    const running = startLongshore(['exec', ...args, '--limit', 'dock01', '--', 'sleep', '600']);
    const commands = () => fleet.hosts[0]?.commands.map(([program]) => program);
    await expect.poll(commands, { timeout: 10_000 }).toContain('sleep');
    fleet.servers[0]?.cut();
    const { code, stderr } = await running.ended;
    expect(code).toBe(6);
    expect(stderr).toMatch(/^unknown {2}dock01: E_OUTCOME_UNKNOWN /m);
  });
});
