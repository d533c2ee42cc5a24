import { describe, expect, it } from 'vitest';
import { LongshoreError } from '../../../src/errors/longshore-error.js';
import type { CommandFinding, HostFindings } from '../../../src/fleet/fleet-result.js';
import { execText } from '../../../src/report/exec-text.js';
import { plainPaint } from '../../../src/report/paint.js';
import { problemsText, summaryLine } from '../../../src/report/problems-text.js';
import { planText, volumeTable, warningsText } from '../../../src/report/volume-text.js';
import { ATTACHED, fleetResult, withVolume } from './results.js';

function printed(stdout: string, exit = 0, stderr = ''): HostFindings {
  const command: CommandFinding = { exit, stdout, stderr, timedOut: false, truncated: false };
  return { outcome: exit === 0 ? 'ok' : 'failed', command };
}

describe('the volume table', () => {
  it('shows hosts with the same row once, under a folded name', () => {
    const degraded = { ...ATTACHED, paths: [ATTACHED.paths[0]!, { ...ATTACHED.paths[1]!, state: 'missing' }] };
    const hosts = { web01: withVolume(ATTACHED), web02: withVolume(ATTACHED), web03: withVolume(degraded) };
    expect(volumeTable(fleetResult('attach', hosts), plainPaint)).toBe(
      'HOSTS       VOLUME  STATE     DEVICE     SIZE   PATHS\n' +
        'web[01-02]  data    attached  /dev/dm-0  1 GiB  2/2 live\n' +
        'web03       data    attached  /dev/dm-0  1 GiB  1/2 live\n',
    );
  });

  it('says what is not attached, without empty columns', () => {
    const nothing = { outcome: 'ok', paths: [], warnings: [], steps: [] } as const;
    const text = volumeTable(fleetResult('status', { db1: withVolume(nothing) }), plainPaint);
    expect(
      text
        .trimEnd()
        .split('\n')
        .map((line) => line.split(/ {2,}/)),
    ).toEqual([
      ['HOSTS', 'VOLUME', 'STATE'],
      ['db1', 'data', 'not attached'],
    ]);
  });
});

describe('a plan', () => {
  it('lists the steps with their commands once for hosts that have the same', () => {
    const hosts = { web01: withVolume(ATTACHED), web02: withVolume(ATTACHED) };
    expect(planText(fleetResult('attach', hosts), plainPaint)).toBe(
      'web[01-02]  data  1 step\n  1. log in\n     iscsiadm --login\n',
    );
  });

  it('says that nothing is to do', () => {
    const done = withVolume({ ...ATTACHED, outcome: 'ok', steps: [] });
    expect(planText(fleetResult('attach', { web01: done }), plainPaint)).toBe('web01  data  nothing to do\n');
  });
});

describe('exec output', () => {
  it('is gathered: hosts with the same output and exit are shown once', () => {
    const hosts = { h1: printed('6.1\n'), h2: printed('6.1\n'), h3: printed('', 2, 'no\n'), h4: printed('6.2') };
    expect(execText(fleetResult('exec', hosts), plainPaint)).toBe(
      '--- h[1-2] (2 hosts)\n6.1\n--- h3 (exit 2)\nstderr no\n--- h4\n6.2\n',
    );
  });

  it('cannot drive the terminal, but keeps lines and tabs', () => {
    const text = execText(fleetResult('exec', { h1: printed('a\tb\r\n\u001b[2Jgone\u009b1m\n') }), plainPaint);
    expect(text.split('\n')[1]).toBe('a\tb');
    // oxlint-disable-next-line no-control-regex -- control characters are the subject
    expect(text).not.toMatch(/[\u0000-\u0008\u000b-\u001f\u007f-\u009f]/);
    expect(text).toContain('gone');
  });
});

describe('problems', () => {
  it('are told once for all hosts that have the same one, with what to do', () => {
    const error = new LongshoreError('E_DEVICE_BUSY', 'mounted at /srv', { step: 'flush', remedy: 'unmount it' });
    const hosts = { a1: { outcome: 'refused', error }, a2: { outcome: 'refused', error } } as const;
    expect(problemsText(fleetResult('detach', hosts, { notRun: ['a3', 'a4'] }), plainPaint)).toBe(
      'refused  a[1-2]: E_DEVICE_BUSY mounted at /srv\n    step: flush\n    unmount it\n' +
        'not run  a[3-4]: interrupted before their turn\n',
    );
  });

  it('are alike when they differ in names and addresses only', () => {
    const lost = (name: string, address: string) => ({
      outcome: 'unreachable' as const,
      error: new LongshoreError('E_UNREACHABLE', `cannot connect to ${name} at ${address}: connection refused`),
    });
    const hosts = {
      a1: lost('a1', '10.0.0.1 port 22'),
      a2: lost('a2', '10.0.0.2 port 2222'),
      a3: lost('a3', '[fd00::3]:22'),
      a4: { ...lost('a4', '10.0.0.4 port 22'), outcome: 'failed' as const },
    };
    expect(
      problemsText(fleetResult('ping', hosts), plainPaint)
        .split('\n')
        .map((line) => line.slice(0, 75)),
    ).toEqual([
      'unreachable  a[1-2]: E_UNREACHABLE cannot connect to a1 at 10.0.0.1 port 22',
      '    on a1; alike on the others',
      'unreachable  a3: E_UNREACHABLE cannot connect to a3 at [fd00::3]:22: connec',
      'failed  a4: E_UNREACHABLE cannot connect to a4 at 10.0.0.4 port 22: connect',
      '',
    ]);
  });

  it('cannot drive the terminal either', () => {
    const error = new LongshoreError('E_COMMAND', 'bad \u001b[31m', { stderr: 'x\u0007\ny' });
    const text = problemsText(fleetResult('detach', { a1: { outcome: 'failed', error } }), plainPaint);
    // oxlint-disable-next-line no-control-regex -- control characters are the subject
    expect(text).not.toMatch(/[\u0000-\u0009\u000b-\u001f\u007f-\u009f]/);
  });

  it('warnings name host and volume', () => {
    const warned = withVolume({ ...ATTACHED, warnings: ['degraded: 1 of 2 paths'] });
    expect(warningsText(fleetResult('attach', { a1: warned, a2: warned }), plainPaint)).toBe(
      'warning  a[1-2] data: degraded: 1 of 2 paths\n',
    );
  });

  it('the last line counts outcomes and what it cost', () => {
    const hosts = { a1: withVolume(ATTACHED), a2: { outcome: 'failed' } } as const;
    expect(summaryLine(fleetResult('attach', hosts, { notRun: ['a3'] }), plainPaint)).toBe(
      '3 hosts: 1 changed, 1 failed, 1 not run · 1.2 s · 5 round trips per host\n',
    );
  });
});
