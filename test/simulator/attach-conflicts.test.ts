import { describe, expect, it, onTestFinished } from 'vitest';
import type { VolumeSpec } from '../../src/connectors/connector.js';
import { connectorFor } from '../../src/connectors/registry.js';
import { AttachGate } from '../../src/fleet/attach-gate.js';
import type { FleetResult } from '../../src/fleet/fleet-result.js';
import { runFleet } from '../../src/fleet/run-fleet.js';
import { volumeTask } from '../../src/fleet/volume-task.js';
import { LongshoreError } from '../../src/errors/longshore-error.js';
import type { Runbook } from '../../src/runbook/playbook.js';
import { DirectExecutor } from '../../src/simulator/direct-executor.js';
import { createFleetModel, type FleetModel, type FleetModelOptions } from '../../src/simulator/fleet-model.js';
import type { SimulatedHost } from '../../src/simulator/host-model.js';
import { type RunbookSite, runbookSite } from './runbook-site.js';

function fleetOf(options: Partial<FleetModelOptions>): FleetModel {
  const fleet = createFleetModel({ hosts: 2, chap: false, ...options });
  onTestFinished(() => fleet.stop());
  return fleet;
}

/** The volume of a host; `declared: false` leaves its identity to be found out. */
function volumeOf(fleet: FleetModel, host: SimulatedHost, { declared = true } = {}): VolumeSpec {
  const found = fleet.volumes.find((one) => one.host === host.name);
  if (found === undefined) throw new Error('no volume');
  const { name, wwid, connectionInfo } = found;
  return { name, driverVolumeType: 'iscsi', data: connectionInfo.data, ...(declared ? { wwid } : {}) };
}

/** One attach on all hosts that can be reached. */
function attach(
  fleet: FleetModel,
  volumesOf: (host: SimulatedHost) => readonly VolumeSpec[],
  isReachable: (host: SimulatedHost) => boolean = () => true,
): Promise<FleetResult> {
  const gate = new AttachGate(fleet.hosts.map(({ name }) => name));
  return runFleet(fleet.hosts, volumeTask('attach', { volumesOf, connectorFor: connectorFor, gate }), {
    run: 'test',
    verb: 'attach',
    connect: (host) =>
      isReachable(host)
        ? Promise.resolve(new DirectExecutor(host))
        : Promise.reject(new LongshoreError('E_UNREACHABLE', 'no route to it')),
    onEvent: (event) => {
      if (event.type === 'host-ended') gate.left(event.host);
    },
  });
}

const errors = ({ hosts }: FleetResult): readonly (string | undefined)[] =>
  [...hosts.values()].map(({ error }) => error?.code);

describe('an attach', () => {
  it('of two hosts with one initiator name changes neither, and names both', async () => {
    const fleet = fleetOf({ initiatorNameOf: () => 'iqn.2004-10.org.longshore.sim:clone' });
    const result = await attach(fleet, (host) => [volumeOf(fleet, host)]);
    expect(errors(result)).toEqual(['E_CONFLICT', 'E_CONFLICT']);
    expect(result.hosts.get('dock01')?.outcome).toBe('refused');
    expect(result.hosts.get('dock01')?.error?.message).toMatch(/dock01 and dock02 have the same initiator name iqn/);
    expect(fleet.leftovers()).toEqual([]);
    expect(fleet.array.loginAttempts).toEqual([]);
  });

  it('is not held up by a host that cannot be reached', async () => {
    const fleet = fleetOf({ hosts: 3 });
    const began = performance.now();
    const result = await attach(
      fleet,
      (host) => [volumeOf(fleet, host)],
      ({ name }) => name !== 'dock02',
    );
    expect(errors(result)).toEqual([undefined, 'E_UNREACHABLE', undefined]);
    expect(performance.now() - began).toBeLessThan(2_900);
  });

  it('of a volume that another host of the run still has is refused there, and changes nothing', async () => {
    const fleet = fleetOf({});
    const [first, second] = fleet.hosts;
    if (first === undefined || second === undefined) throw new Error('no hosts');
    await attach(fleet, (host) => (host === first ? [volumeOf(fleet, first)] : []));
    const result = await attach(fleet, (host) =>
      host === first ? [volumeOf(fleet, first, { declared: false })] : [volumeOf(fleet, first)],
    );
    expect(errors(result)).toEqual([undefined, 'E_CONFLICT']);
    expect(result.hosts.get('dock02')?.error?.message).toContain('is wanted on dock02, and dock01 has it');
    expect(second.leftovers()).toEqual([]);
  });

  it('on two hosts of what turns out to be one volume leaves it on one of them', async () => {
    const fleet = fleetOf({});
    const [first, second] = fleet.hosts;
    if (first === undefined || second === undefined) throw new Error('no hosts');
    const { array, targetName } = fleet;
    const shared = array.unitAt(targetName, first.environment.initiatorName, 1);
    if (shared === null) throw new Error('no volume');
    array.map(targetName, second.environment.initiatorName, 1, shared);
    const undeclared = (host: SimulatedHost): VolumeSpec => volumeOf(fleet, host, { declared: false });
    const result = await attach(fleet, (host) => [undeclared(host)]);
    expect(new Set(errors(result))).toEqual(new Set(['E_CONFLICT', undefined]));
    expect(fleet.hosts.map((host) => host.iscsi.sessions.length).toSorted((a, b) => a - b)).toEqual([0, 2]);
    // and both, when the volume says that a cluster guards it
    const both = await attach(fleet, (host) => [{ ...undeclared(host), shared: true }]);
    expect(errors(both)).toEqual([undefined, undefined]);
    expect(fleet.hosts.map((host) => host.iscsi.sessions.length)).toEqual([2, 2]);
  });
});

describe('an attach by a playbook', () => {
  const ATTACH = '- name: p\n  hosts: all\n  serial: 1\n  steps:\n    - attach: data\n';

  /** Two hosts to which the array gives the same volume. */
  async function siteOfOneVolume() {
    const site = await runbookSite({ hosts: 2, chap: false });
    onTestFinished(() => site[Symbol.dispose]());
    const { array, targetName, hosts } = site.fleet;
    const [first, second] = hosts;
    const unit = first === undefined ? null : array.unitAt(targetName, first.environment.initiatorName, 1);
    if (unit === null || second === undefined) throw new Error('no volume');
    array.map(targetName, second.environment.initiatorName, 1, unit);
    return { site, wwid: unit.wwid };
  }

  /** The playbook with every host's volume as the wish says, without its WWID unless it says one; `as`: or as it says of that host. */
  async function wishing(
    site: RunbookSite,
    wish: Partial<VolumeSpec>,
    text = ATTACH,
    as: Readonly<Record<string, Partial<VolumeSpec>>> = {},
  ): Promise<Runbook> {
    const runbook = await site.read(text);
    const changed = (volume: VolumeSpec, host: string): VolumeSpec => {
      const { wwid: _, ...rest } = volume;
      return { ...rest, ...wish, ...as[host] };
    };
    const plays = runbook.plays.map((play) => ({
      ...play,
      steps: play.steps.map((step) => ({
        ...step,
        on: (host: string) => ({ ...step.on(host), volumes: step.on(host).volumes.map((one) => changed(one, host)) }),
      })),
    }));
    return { ...runbook, plays };
  }

  it('of one volume on two hosts is refused with its place, before any host is looked at, by plan and by run', async () => {
    const { site, wwid } = await siteOfOneVolume();
    const runbook = await wishing(site, { wwid });
    const refused = {
      code: 'E_CONFLICT',
      message: expect.stringMatching(/playbook-1\.yaml:\d+:\d+: data .*is asked for on dock01, dock02/) as string,
    };
    await expect(site.run(runbook)).rejects.toMatchObject(refused);
    await expect(site.plan(runbook)).rejects.toMatchObject(refused);
    expect(site.events).toEqual([]);
    const both = await site.run(await wishing(site, { wwid, shared: true }));
    expect([...both.hosts.values()].map(({ outcome }) => outcome)).toEqual(['changed', 'changed']);
  });

  it('of what only turns out to be one volume leaves it on the first, also when they are in different batches', async () => {
    const { site } = await siteOfOneVolume();
    const result = await site.run(await wishing(site, {}));
    expect([...result.hosts].map(([name, { error }]) => [name, error?.code])).toEqual([
      ['dock01', undefined],
      ['dock02', 'E_CONFLICT'],
    ]);
    expect(site.host('dock02').leftovers()).toEqual([]);
  });

  const on = (host: string, ...steps: readonly string[]): string =>
    `- name: ${steps.join(' ')} on ${host}\n  hosts: ${host}\n  steps:\n${steps.map((step) => `    - ${step}: data\n`).join('')}`;

  /** Sessions of each host, and the error of the second. */
  const outcome = (site: RunbookSite, result: Awaited<ReturnType<RunbookSite['run']>>) => [
    ...site.fleet.hosts.map(({ iscsi }) => iscsi.sessions.length),
    result.hosts.get('dock02')?.error?.code,
  ];

  it.each([
    ['of what only turns out to be one volume', false, 2],
    ['of what its own definition says', true, 0],
  ])('in a later play %s leaves it on the first host', async (_, isDeclared, logins) => {
    const { site, wwid } = await siteOfOneVolume();
    const text = on('dock01', 'attach') + on('dock02', 'attach');
    const runbook = await wishing(site, {}, text, isDeclared ? { dock02: { wwid } } : {});
    const result = await site.run(runbook);
    expect(outcome(site, result)).toEqual([2, 0, 'E_CONFLICT']);
    expect(result.hosts.get('dock02')?.error?.message).toBe(
      `data is ${wwid}, which dock01 has attached: two hosts would write to one volume`,
    );
    expect(site.host('dock02').leftovers()).toEqual([]);
    // what is declared by one of the two is refused before the first change
    const second = site.host('dock02').environment.initiatorName;
    expect(site.fleet.array.loginAttempts.filter(({ initiatorName }) => initiatorName === second)).toHaveLength(logins);
  });

  it('in a later play is not refused behind a detach, nor when a cluster guards the volume', async () => {
    const { site } = await siteOfOneVolume();
    const detached = await site.run(await wishing(site, {}, on('dock01', 'attach', 'detach') + on('dock02', 'attach')));
    expect(outcome(site, detached)).toEqual([0, 2, undefined]);
    const both = on('dock01', 'attach') + on('dock02', 'attach');
    expect(outcome(site, await site.run(await wishing(site, { shared: true }, both)))).toEqual([2, 2, undefined]);
  });

  it('in a later play of a host with the initiator name of one before is refused', async () => {
    const site = await runbookSite({
      hosts: 2,
      chap: false,
      initiatorNameOf: () => 'iqn.2004-10.org.longshore.sim:clone',
    });
    onTestFinished(() => site[Symbol.dispose]());
    const result = await site.run(await wishing(site, {}, on('dock01', 'attach') + on('dock02', 'attach')));
    expect(outcome(site, result)).toEqual([2, 0, 'E_CONFLICT']);
    expect(result.hosts.get('dock02')?.error?.message).toContain('have the same initiator name');
  });
});
