import { describe, expect, it } from 'vitest';
import type { HostFacts, ClockReading } from '../../../src/doctor/host-facts.js';
import { clockReading } from '../../../src/doctor/host-facts.js';
import { judgeFleet, worstSeverity } from '../../../src/doctor/judge.js';
import { parseIqn } from '../../../src/linux/identifiers.js';
import { HEALTHY } from './healthy-host.js';

/** A machine of its own, but for what is said. */
function host(
  n: number,
  same: { readonly iqn?: string; readonly ids?: Partial<HostFacts['health']['identities']> } = {},
) {
  const identities = { machineId: `m${n}`, bootId: `b${n}`, hostNqn: `nqn${n}`, nvmeHostId: `id${n}`, ...same.ids };
  const initiatorName = parseIqn(same.iqn ?? `iqn.2004-10.org.example:host${n}`);
  return [`h${n}`, { ...HEALTHY, initiatorName, health: { ...HEALTHY.health, identities } }] as const;
}

function found(...hosts: readonly (readonly [string, HostFacts])[]): Record<string, string[]> {
  const judged = [...judgeFleet(new Map(hosts))];
  return Object.fromEntries(judged.map(([name, findings]) => [name, findings.map(({ rule }) => rule.id)]));
}

describe('hosts beside each other', () => {
  it('are well when nothing is shared', () => {
    expect(found(host(1), host(2), host(3))).toEqual({ h1: [], h2: [], h3: [] });
  });

  it('with one initiator name are a problem on each of them, and on no other', () => {
    const iqn = 'iqn.2004-10.org.example:clone';
    const fleet = new Map([host(1, { iqn }), host(2), host(3, { iqn })]);
    const judged = judgeFleet(fleet);
    expect(worstSeverity(judged.get('h1') ?? [])).toBe('problem');
    expect(judged.get('h1')?.map(({ rule, what }) => [rule.id, what])).toEqual([
      ['initiator-name-shared', `initiator name ${iqn} on 2 hosts`],
    ]);
    expect(judged.get('h2')).toEqual([]);
    expect(judged.get('h3')).toHaveLength(1);
  });

  it.each([
    ['hostNqn', 'host-nqn-shared'],
    ['nvmeHostId', 'nvme-host-id-shared'],
    ['machineId', 'machine-id-shared'],
  ])('with one %s are found', (field, id) => {
    expect(found(host(1, { ids: { [field]: 'x' } }), host(2, { ids: { [field]: 'x' } }))).toEqual({
      h1: [id],
      h2: [id],
    });
  });

  it('that have none share none', () => {
    const ids = { hostNqn: null, nvmeHostId: null, machineId: null, bootId: null };
    expect(found(host(1, { ids }), host(2, { ids }))).toEqual({ h1: [], h2: [] });
  });

  it('that were resumed from one snapshot, and so booted as one, still are two', () => {
    const iqn = 'iqn.2004-10.org.example:one';
    const ids = { bootId: 'b' };
    expect(found(host(1, { iqn, ids }), host(2, { iqn, ids }))).toEqual({
      h1: ['initiator-name-shared'],
      h2: ['initiator-name-shared'],
    });
  });

  it('are one machine under two names when they booted as one, which shares nothing', () => {
    const iqn = 'iqn.2004-10.org.example:one';
    const ids = { machineId: 'm', bootId: 'b', hostNqn: 'n', nvmeHostId: 'i' };
    expect(found(host(1, { iqn, ids }), host(2, { iqn, ids }))).toEqual({
      h1: ['host-listed-twice'],
      h2: ['host-listed-twice'],
    });
  });
});

describe('the clock', () => {
  it('is read with half the round trip and half a second as its error', () => {
    const reading: ClockReading | null = clockReading(1000, 60.25, 1_060_000, 1_060_500);
    // the kernel's 1000 stands for anything from 1000.0 to 1000.999
    expect(reading).toEqual({ offsetMs: 500, errorMs: 750 });
  });

  it.each([
    [null, 60],
    [1000, null],
  ])('is not known from %j and %j', (booted, uptime) => {
    expect(clockReading(booted, uptime, 0, 1)).toBeNull();
  });
});
