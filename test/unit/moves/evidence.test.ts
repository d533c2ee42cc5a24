import { describe, expect, it } from 'vitest';
import { LongshoreError } from '../../../src/errors/longshore-error.js';
import type { Fencing } from '../../../src/inventory/inventory.js';
import {
  checkedEvidence,
  type EvidenceTools,
  fileEvidence,
  requireFresh,
} from '../../../src/moves/evidence/evidence-source.js';

const HOST = { name: 'db01', address: '10.0.0.1' };
const POWER: Fencing = {
  method: 'bmc-power-off',
  check: ['power-state', '{host}', '{address}'],
  expect: ['off'],
  pauseMs: 5000,
  timeoutMs: 30_000,
  validMs: 60_000,
};
const ARRAY: Fencing = { ...POWER, method: 'array-access-removed' };
const CLOUD: Fencing = { ...POWER, method: 'instance-terminated', expect: ['terminated', 'deallocated'] };

interface Bench extends EvidenceTools {
  readonly asked: (readonly string[])[];
  readonly pauses: number[];
  clock: number;
}

/** What the world answers, in order; the last answer again and again. */
function bench(...answers: readonly (string | Error)[]): Bench {
  const left = [...answers];
  const self: Bench = {
    asked: [],
    pauses: [],
    clock: Date.parse('2026-03-01T10:00:00Z'),
    run: (argv) => {
      self.asked.push(argv);
      const answer = left.length > 1 ? left.shift() : left[0];
      return answer instanceof Error ? Promise.reject(answer) : Promise.resolve({ stdout: answer ?? '' });
    },
    readFile: () => Promise.resolve(typeof left[0] === 'string' ? left[0] : ''),
    pause: (ms) => {
      self.pauses.push(ms);
      self.clock += ms;
      return Promise.resolve();
    },
    now: () => new Date(self.clock),
    by: 'ops@bastion',
  };
  return self;
}

async function refusal(work: Promise<unknown>): Promise<string> {
  try {
    await work;
  } catch (error) {
    expect(error).toBeInstanceOf(LongshoreError);
    expect((error as LongshoreError).code).toBe('E_EVIDENCE');
    return (error as LongshoreError).message;
  }
  throw new Error('that was taken for evidence');
}

describe('evidence by a check', () => {
  it('reads the power state twice with a pause, and says who asked what, when, and until when it holds', async () => {
    const tools = bench('{"state":"off","host":"db01"}\n');
    const evidence = await checkedEvidence(HOST, POWER, tools).obtain();
    expect(tools.asked).toEqual([
      ['power-state', 'db01', '10.0.0.1'],
      ['power-state', 'db01', '10.0.0.1'],
    ]);
    expect(tools.pauses).toEqual([5000]);
    expect(evidence).toEqual({
      host: 'db01',
      method: 'bmc-power-off',
      answers: [
        { state: 'off', host: 'db01' },
        { state: 'off', host: 'db01' },
      ],
      at: '2026-03-01T10:00:05.000Z',
      expires: '2026-03-01T10:01:05.000Z',
      by: 'ops@bastion',
    });
  });

  it('takes nothing but exactly the expected answer for evidence', async () => {
    const cases: readonly (readonly [Fencing, readonly (string | Error)[], string])[] = [
      [POWER, ['{"state":"restarting"}'], '"restarting"'],
      [POWER, ['{"state":"off"}', '{"state":"on"}'], '"on"'],
      [POWER, ['{"state":"OFF"}'], '"OFF"'],
      [POWER, ['off'], 'not one JSON object'],
      [POWER, ['["off"]'], 'not one JSON object'],
      [POWER, [''], 'not one JSON object'],
      [POWER, ['{"state":"off"}{"state":"off"}'], 'not one JSON object'],
      [POWER, [`{"state":"off","more":"${'x'.repeat(5000)}"}`], 'at most 4 KiB'],
      [POWER, ['{"power":"off"}'], 'lacks "state"'],
      [POWER, ['{"state":"off","host":"db02"}'], 'about "db02"'],
      [POWER, [new Error('no answer in time')], 'no answer in time'],
      [ARRAY, ['{"access":"removed","sessions":1}'], '1 sessions'],
      [ARRAY, ['{"access":"granted","sessions":0}'], 'not "removed"'],
      [ARRAY, ['{"access":"removed"}'], 'lacks "access" (text) or "sessions"'],
      [ARRAY, ['{"state":"off"}'], 'lacks "access"'],
      [CLOUD, ['{"state":"stopping"}'], '"terminated" or "deallocated"'],
    ];
    for (const [fencing, answers, says] of cases) {
      expect(await refusal(checkedEvidence(HOST, fencing, bench(...answers)).obtain())).toContain(says);
    }
    expect(
      (await checkedEvidence(HOST, ARRAY, bench('{"access":"removed","sessions":0}')).obtain()).answers,
    ).toHaveLength(1);
    expect((await checkedEvidence(HOST, CLOUD, bench('{"state":"deallocated"}')).obtain()).method).toBe(
      'instance-terminated',
    );
  });

  it('expires when the answer says so, if that is sooner, and then is none', async () => {
    const tools = bench('{"state":"terminated","expires":"2026-03-01T10:00:10Z"}');
    const source = checkedEvidence(HOST, CLOUD, tools);
    const evidence = await source.obtain();
    expect(evidence.expires).toBe('2026-03-01T10:00:10.000Z');
    expect(requireFresh(evidence, new Date('2026-03-01T10:00:09Z'))).toBe(evidence);
    expect(() => requireFresh(evidence, new Date('2026-03-01T10:00:10Z'))).toThrow(/expired/);
    tools.clock += 11_000;
    expect(await refusal(source.obtain())).toContain('expired');
  });

  it('keeps no secret that a careless check prints', async () => {
    const tools = bench('{"state":"terminated","auth":{"api_token":"planted-9"},"password":"planted-8"}');
    const evidence = await checkedEvidence(HOST, CLOUD, tools).obtain();
    expect(JSON.stringify(evidence)).not.toContain('planted');
  });
});

const attested = {
  host: 'db01',
  method: 'operator-attestation',
  at: '2026-03-01T09:59:00Z',
  expires: '2026-03-01T10:10:00Z',
  by: 'anna',
  second: 'ben',
  volume: 'data',
  statement: 'pulled both power cords of db01 in rack 4',
};

function fromFile(content: unknown, volumes: readonly string[] = ['data'], acceptAttestation = true) {
  const tools = bench(typeof content === 'string' ? content : JSON.stringify(content));
  return fileEvidence('db01', 'evidence.json', volumes, { acceptAttestation, tools }).obtain();
}

describe('evidence in a file', () => {
  it('may be the word of two people about one volume, when that is accepted', async () => {
    expect(await fromFile(attested)).toMatchObject({
      method: 'operator-attestation',
      by: 'anna',
      second: 'ben',
      volume: 'data',
    });
    expect(await refusal(fromFile(attested, ['data'], false))).toContain('--accept-attestation');
    expect(await refusal(fromFile(attested, ['data', 'log']))).toContain('--volume data');
    expect(await refusal(fromFile(attested, ['log']))).toContain('--volume data');
  });

  it('is refused with what is wrong with it', async () => {
    const { second: _, ...alone } = attested;
    const cases: readonly (readonly [unknown, string])[] = [
      ['{', 'not JSON'],
      [{ ...attested, second: 'Anna ' }, 'second person'],
      [alone, 'second person'],
      [{ ...attested, host: 'db02' }, 'about "db02"'],
      [{ ...attested, statement: undefined }, '"statement"'],
      [{ ...attested, volume: undefined }, '"volume"'],
      [{ ...attested, method: 'ping' }, 'must be one of bmc-power-off'],
      [{ ...attested, expires: '2026-03-02T10:00:00Z' }, '15 minutes'],
      [{ ...attested, at: '2026-03-01T10:05:00Z' }, 'in the future'],
      [{ ...attested, at: '2026-03-01T09:40:00Z', expires: '2026-03-01T09:50:00Z' }, 'expired'],
      [{ ...attested, at: 'yesterday' }, '"at" must be a time'],
      [{ ...attested, method: 'bmc-power-off' }, 'lacks "state"'],
      [{ ...attested, method: 'bmc-power-off', state: 'restarting' }, '"restarting"'],
      [{ ...attested, method: 'array-access-removed', access: 'removed', sessions: 2 }, '2 sessions'],
    ];
    for (const [content, says] of cases) expect(await refusal(fromFile(content))).toContain(says);
  });

  it('counts by what it says when another system wrote it', async () => {
    const { second: _s, volume: _v, statement: _t, ...plain } = attested;
    const file = { ...plain, method: 'array-access-removed', access: 'removed', sessions: 0 };
    expect(await fromFile(file, ['data', 'log'], false)).toMatchObject({
      answers: [{ access: 'removed', sessions: 0 }],
    });
  });
});
