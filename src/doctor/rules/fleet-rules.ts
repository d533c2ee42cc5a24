import type { HostFacts } from '../host-facts.js';
import type { FleetRule } from '../rule.js';

type Fleet = ReadonlyMap<string, HostFacts>;

/** What only one running machine has. The boot id alone will not do: machines resumed from one snapshot share it. null when not known */
function machineOf({ health: { identities } }: HostFacts): string | null {
  const { bootId, machineId } = identities;
  return bootId === null || machineId === null ? null : `${bootId} ${machineId}`;
}

/** Hosts that share what should be only one's; two names of one machine do not. */
function shared(
  fleet: Fleet,
  what: string,
  valueOf: (facts: HostFacts) => string | null,
): ReadonlyMap<string, readonly string[]> {
  const byValue = new Map<string, string[]>();
  for (const [host, facts] of fleet) {
    const value = valueOf(facts);
    if (value !== null) byValue.set(value, [...(byValue.get(value) ?? []), host]);
  }
  const findings = new Map<string, string[]>();
  for (const [value, hosts] of byValue) {
    const machines = new Set(hosts.map((host) => machineNameOf(fleet, host)));
    if (machines.size < 2) continue;
    for (const host of hosts) findings.set(host, [`${what} ${value} on ${machines.size} hosts`]);
  }
  return findings;
}

function machineNameOf(fleet: Fleet, host: string): string {
  const facts = fleet.get(host);
  return (facts === undefined ? null : machineOf(facts)) ?? host;
}

export const FLEET_RULES: readonly FleetRule[] = [
  {
    id: 'initiator-name-shared',
    severity: 'problem',
    reads: '/etc/iscsi/initiatorname.iscsi of all hosts',
    when: 'two hosts have the same name',
    reason:
      "To an array they are one host: it gives each the other's volumes, and a login of one may end the session of the other. Both write to one volume.",
    instead:
      'InitiatorName=IQN with the output of iscsi-iname on all but one of them, while nothing is attached there; then allow it on the array',
    source: 'incident E5, rule S40',
    find: (fleet) => shared(fleet, 'initiator name', ({ initiatorName }) => initiatorName),
  },
  {
    id: 'host-nqn-shared',
    severity: 'problem',
    reads: '/etc/nvme/hostnqn of all hosts',
    when: 'two hosts have the same NQN',
    reason: 'To an NVMe subsystem they are one host, with the same access and the same reservations.',
    instead: 'nvme gen-hostnqn > /etc/nvme/hostnqn on all but one of them, while nothing is connected there',
    source: 'incident E5, rule S40; clones of one image share it',
    find: (fleet) => shared(fleet, 'host NQN', ({ health }) => health.identities.hostNqn),
  },
  {
    id: 'nvme-host-id-shared',
    severity: 'problem',
    reads: '/etc/nvme/hostid of all hosts',
    when: 'two hosts have the same id',
    reason: 'To an NVMe subsystem they are one host, with the same access and the same reservations.',
    instead: 'uuidgen > /etc/nvme/hostid on all but one of them, while nothing is connected there',
    source: 'incident E5, rule S40',
    find: (fleet) => shared(fleet, 'NVMe host id', ({ health }) => health.identities.nvmeHostId),
  },
  {
    id: 'machine-id-shared',
    severity: 'warning',
    reads: '/etc/machine-id of all hosts',
    when: 'two hosts have the same id',
    reason:
      'They are clones of one image. What is made from the id (DHCP leases, journals, NVMe names) is the same on both.',
    instead: 'rm /etc/machine-id, then systemd-machine-id-setup, on all but one of them',
    source: 'incident E5; clones of one image share it',
    find: (fleet) => shared(fleet, 'machine id', ({ health }) => health.identities.machineId),
  },
  {
    id: 'host-listed-twice',
    severity: 'problem',
    reads: '/proc/sys/kernel/random/boot_id and /etc/machine-id of all hosts',
    when: 'two names of the inventory have both in common',
    reason:
      'They are one running machine under two names, or copies of a machine that was running, which share every name. Work on one changes the other, or an array takes both for one.',
    instead: 'keep one of the names; give copies a machine id and an initiator name of their own',
    source: 'incident E5',
    find: (fleet) => {
      const findings = new Map<string, string[]>();
      for (const [host, facts] of fleet) {
        const machine = machineOf(facts);
        const names = [...fleet].filter(([, other]) => machine !== null && machineOf(other) === machine);
        if (names.length > 1) findings.set(host, [`one machine is ${names.map(([name]) => name).join(', ')}`]);
      }
      return findings;
    },
  },
];
