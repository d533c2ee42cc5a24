import { describe, expect, it } from 'vitest';
import { doctorSchema } from '../../src/report/doctor-schema.js';
import { startSimulatedFleet } from '../../src/simulator/fleet.js';
import { longshore } from './longshore.js';
import { scratchDirectory } from './scratch.js';

const CLONE = 'iqn.2004-10.org.longshore.sim:clone';

describe('longshore doctor', () => {
  it('0: hosts that are well, in two round trips and without a change', async () => {
    await using scratch = await scratchDirectory();
    await using fleet = await startSimulatedFleet({ hosts: 2 });
    const { inventoryFile, knownHostsFile } = await fleet.writeFiles(scratch.directoryPath);
    const args = ['-i', inventoryFile, '--known-hosts', knownHostsFile];
    expect((await longshore(['attach', ...args])).code).toBe(0);
    const before = fleet.leftovers();
    const ran = fleet.hosts[0]?.commands.length ?? 0;

    const { code, stdout, stderr } = await longshore(['doctor', ...args]);
    expect(stderr).toMatch(/^2 hosts: 2 well · .* · 2 round trips, \d+ processes$/m);
    expect(code).toBe(0);
    // multipath-tools 0.9.4 has defects, and is all there is to say: a notice does not make a host unwell
    expect(stdout).toMatch(/^notice +dock\[01-02\] +tool-defect +multipath-tools 0\.9\.4/m);
    expect(stdout).not.toMatch(/^(?:warning|problem)/m);
    expect(fleet.hosts[0]?.commands.slice(ran).map(([program]) => program)).toEqual([
      'grep',
      'dmsetup',
      'multipathd',
      'awk',
      'iscsiadm',
      'multipath',
    ]);
    expect(fleet.leftovers()).toEqual(before);
  });

  it('2: two hosts with one initiator name are told together, and so is what only one has', async () => {
    await using scratch = await scratchDirectory();
    await using fleet = await startSimulatedFleet({
      hosts: 3,
      initiatorNameOf: (index) => (index === 1 ? undefined : CLONE),
    });
    fleet.hosts[1]?.condition.set({
      blockedTasks: [{ pid: 77, name: 'evil\u001b[31m)', seconds: 300 }],
      availableMemoryPercent: 3,
      clockOffsetMs: 60_000,
      multipathDefaults: { no_path_retry: 'queue' },
    });
    const { inventoryFile, knownHostsFile } = await fleet.writeFiles(scratch.directoryPath);
    const args = ['-i', inventoryFile, '--known-hosts', knownHostsFile];

    const { code, stdout, stderr } = await longshore(['doctor', ...args]);
    expect(code).toBe(2);
    expect(stdout).toMatch(
      new RegExp(`^problem +dock\\[01,03\\] +initiator-name-shared +initiator name ${CLONE} on 2 hosts$`, 'm'),
    );
    expect(stdout).toMatch(/^problem +dock02 +task-hung +.*\(pid 77\) in state D for 30\d s$/m);
    expect(stdout).toMatch(/^warning +dock02 +memory-low +3\.0 % of memory available$/m);
    expect(stdout).toMatch(/^warning +dock02 +clock-off +(?:59|60)\.\d s fast/m);
    expect(stdout).toMatch(/^warning +dock02 +multipath-queue-endless +defaults: no_path_retry queue$/m);
    // why and what instead, once for each rule
    expect(stdout.match(/^initiator-name-shared {2}To an array they are one host/gm)).toHaveLength(1);
    expect(stdout).not.toContain('\u001b');
    expect(stderr).toContain('3 hosts: 3 with problems');

    const document = doctorSchema.parse(JSON.parse((await longshore(['doctor', ...args, '--json'])).stdout));
    expect(document.hosts['dock01']).toMatchObject({
      outcome: 'ok',
      worst: 'problem',
      roundTrips: 2,
      findings: [{ rule: 'initiator-name-shared', severity: 'problem' }, { rule: 'tool-defect' }, {}],
    });
    expect(document.rules['initiator-name-shared']?.instead).toContain('iscsi-iname');
    const { offsetMs = 0, errorMs = 0 } = document.hosts['dock02']?.clock ?? {};
    expect(Math.abs(offsetMs - 60_000)).toBeLessThanOrEqual(errorMs);
  });

  it('4: a host that cannot be reached is not judged; the others are', async () => {
    await using scratch = await scratchDirectory();
    await using fleet = await startSimulatedFleet({ hosts: 2 });
    const { inventoryFile, knownHostsFile } = await fleet.writeFiles(scratch.directoryPath);
    await fleet.servers[1]?.close();
    const args = ['-i', inventoryFile, '--known-hosts', knownHostsFile];
    const { code, stderr } = await longshore(['doctor', ...args]);
    expect(stderr).toMatch(/^unreachable {2}dock02: E_UNREACHABLE /m);
    expect(stderr).toContain('2 hosts: 1 well, 1 not looked at');
    expect(code).toBe(4);
  });
});
