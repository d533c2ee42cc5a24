import { describe, expect, it } from 'vitest';
import type { HostFacts } from '../../../src/doctor/host-facts.js';
import { judgeFleet } from '../../../src/doctor/judge.js';
import { LongshoreError } from '../../../src/errors/longshore-error.js';
import type { HostFindings } from '../../../src/fleet/fleet-result.js';
import { doctorDocument, type DoctorReport } from '../../../src/report/doctor-document.js';
import { doctorSchema } from '../../../src/report/doctor-schema.js';
import { doctorSummary, doctorText } from '../../../src/report/doctor-text.js';
import { plainPaint } from '../../../src/report/paint.js';
import { parseIqn } from '../../../src/linux/identifiers.js';
import { fleetResult } from '../report/results.js';
import { HEALTHY } from './healthy-host.js';

/** A report on hosts with these changes; null for one that could not be reached. */
function report(hosts: Readonly<Record<string, Partial<HostFacts> | null>>): DoctorReport {
  const error = new LongshoreError('E_UNREACHABLE', 'no route');
  const results: Record<string, HostFindings> = {};
  const facts = new Map<string, HostFacts>();
  for (const [name, change] of Object.entries(hosts)) {
    results[name] = change === null ? { outcome: 'unreachable', error } : { outcome: 'ok' };
    const identities = { machineId: name, bootId: name, hostNqn: name, nvmeHostId: name };
    const own = {
      initiatorName: parseIqn(`iqn.2004-10.org.example:${name}`),
      health: { ...HEALTHY.health, identities },
    };
    if (change !== null) facts.set(name, { ...HEALTHY, ...own, ...change });
  }
  return { result: fleetResult('doctor', results), facts, findings: judgeFleet(facts) };
}

const unknown = (subject: string): Partial<HostFacts> => ({ unknowns: [{ subject, reason: 'could not be read' }] });
const hung = (pid: number): Partial<HostFacts> => ({
  processes: { iscsidRuns: true, blocked: [{ pid, name: 'dd', ranAtSeconds: 400, processor: 0, sleepsIn: null }] },
});
const lines = (text: string): string[] => text.split('\n').map((line) => line.replace(/ {2,}/g, '  '));

describe('the report', () => {
  it('says nothing of hosts that are well', () => {
    const well = report({ web1: {}, web2: {} });
    expect(doctorText(well, plainPaint)).toBe('');
    expect(doctorSummary(well, plainPaint)).toBe('2 hosts: 2 well · 1.2 s · 5 round trips, 3 processes\n');
  });

  it('folds hosts whose findings differ in numbers only, the gravest first', () => {
    const text = lines(
      doctorText(report({ web1: unknown('/x'), web2: hung(41), web3: hung(42), web4: {} }), plainPaint),
    );
    expect(text.slice(0, 4)).toEqual([
      'SEVERITY  HOSTS  FINDING  WHAT',
      'problem  web[2-3]  task-hung  dd (pid 41) in state D for 500 s',
      '  (on web2; alike on the others)',
      'warning  web1  cannot-tell  /x: could not be read',
    ]);
    expect(text.filter((line) => line.startsWith('task-hung  '))).toHaveLength(1);
  });

  it('lets nothing of a host into the terminal but printable text', () => {
    const text = doctorText(report({ web1: unknown('/x\u001b[2J\n\u009bfake line') }), plainPaint);
    expect(text).not.toContain('\u001b');
    expect(text).not.toContain('\u009b');
    expect(text).not.toMatch(/^.?fake line/m);
  });

  it('counts hosts by the worst that each has, and those that were not looked at', () => {
    const mixed = report({ web1: unknown('/x'), web2: hung(1), web3: {}, web4: null });
    expect(doctorSummary(mixed, plainPaint)).toContain(
      '4 hosts: 1 well, 1 with warnings, 1 with problems, 1 not looked at',
    );
    const { hosts, rules } = doctorSchema.parse(doctorDocument(mixed));
    expect(Object.keys(rules).toSorted()).toEqual(['cannot-tell', 'task-hung']);
    expect(hosts['web4']).toMatchObject({ outcome: 'unreachable', worst: null, clock: null, findings: [] });
    expect(hosts['web3']).toMatchObject({ outcome: 'ok', worst: null, clock: { offsetMs: 300, errorMs: 510 } });
  });
});
