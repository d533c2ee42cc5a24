import { readFileSync } from 'node:fs';
import { describe, expect, it } from 'vitest';
import { LongshoreError } from '../../../src/errors/longshore-error.js';
import { jsonText, resultDocument } from '../../../src/report/result-document.js';
import { resultSchema } from '../../../src/report/result-schema.js';
import { ATTACHED, fleetResult, withVolume } from './results.js';

describe('the JSON document', () => {
  it('has the promised shape and follows its schema', () => {
    const document = resultDocument(fleetResult('attach', { web01: withVolume(ATTACHED) }));
    expect(resultSchema.parse(document)).toEqual(document);
    expect(document).toEqual({
      run: 'r1',
      verb: 'attach',
      notRun: [],
      hosts: {
        web01: {
          outcome: 'changed',
          roundTrips: 5,
          remoteProcesses: 3,
          bytesIn: 100,
          bytesOut: 50,
          durationMs: 12.3,
          volumes: {
            data: {
              outcome: 'changed',
              deviceInfo: ATTACHED.deviceInfo,
              sizeBytes: 1024 ** 3,
              paths: ATTACHED.paths,
              warnings: [],
            },
          },
        },
      },
      totals: {
        hosts: 1,
        ok: 0,
        changed: 1,
        failed: 0,
        refused: 0,
        unreachable: 0,
        unknown: 0,
        notRun: 0,
        roundTrips: 5,
        remoteProcesses: 3,
        bytesIn: 100,
        bytesOut: 50,
        durationMs: 1235,
      },
    });
  });

  it('has the steps of each volume only for a plan', () => {
    const result = fleetResult('attach', { web01: withVolume({ ...ATTACHED, outcome: 'ok' }) });
    const plan = resultDocument(result, { plan: true });
    expect(resultSchema.parse(plan)).toEqual(plan);
    expect(plan.hosts['web01']?.volumes['data']?.steps).toEqual(ATTACHED.steps);
    expect(resultDocument(result).hosts['web01']?.volumes['data']).not.toHaveProperty('steps');
  });

  it('gives errors with code, message and step, also for hosts that were never reached', () => {
    const error = new LongshoreError('E_AUTH', 'no key was accepted', { remedy: 'use --private-key' });
    const document = resultDocument(
      fleetResult('attach', { web01: { outcome: 'unreachable', error } }, { notRun: ['web02'], interrupted: true }),
    );
    expect(resultSchema.parse(document)).toEqual(document);
    expect(document.hosts['web01']).toMatchObject({
      error: { code: 'E_AUTH', message: 'no key was accepted', step: null, remedy: 'use --private-key' },
      volumes: {},
    });
    expect(document).toMatchObject({ notRun: ['web02'], interrupted: true, totals: { hosts: 2, notRun: 1 } });
  });

  it('is not the way for control characters to a terminal, and is still the same JSON', () => {
    const document = { stdout: '\u001b[2J \u009b31m \u007f \u0000 ü' };
    const text = jsonText(document);
    // oxlint-disable-next-line no-control-regex -- control characters are the subject
    expect(text).not.toMatch(/[\u0000-\u0009\u000b-\u001f\u007f-\u009f]/);
    expect(JSON.parse(text)).toEqual(document);
  });

  it('holds a host that is called __proto__', () => {
    const hosts = new Map([['__proto__', fleetResult('ping', { x: { outcome: 'ok' } }).hosts.get('x')!]]);
    const text = jsonText(resultDocument({ ...fleetResult('ping', {}), hosts }));
    expect(text).toContain('"__proto__"');
  });
});

it('the example in docs/cli.md follows the schema', () => {
  const text = readFileSync(new URL('../../../docs/cli.md', import.meta.url), 'utf8');
  const [, example = ''] = /```json\n(.*?)```/s.exec(text) ?? [];
  const document: unknown = JSON.parse(example);
  expect(resultSchema.parse(document)).toEqual(document);
});
