import { readFileSync } from 'node:fs';
import { describe, expect, it } from 'vitest';
import { readTrace } from '../../src/transport/recording/read-trace.js';
import { isSequence, type Trace } from '../../src/transport/recording/trace-format.js';
import { traceText } from '../../src/transport/recording/trace-text.js';
import { TRACE_SCENARIOS } from '../traces/scenarios.js';
import { goldenFile, goldenTrace, recordScenario, replayScenario } from '../traces/stage.js';

const UPDATE = 'if it is meant: npx tsx tools/record-traces.ts';

function golden(name: string): { readonly text: string; readonly trace: Trace } {
  const text = readFileSync(goldenFile(name), 'utf8');
  return { text, trace: readTrace(text, `${name}.jsonl`) };
}

describe.each(TRACE_SCENARIOS)('the golden trace of $name', (scenario) => {
  it('is what is done to a host today', async () => {
    const { ends, recorded, secrets } = await recordScenario(scenario);
    expect(ends).toEqual(scenario.ends);
    expect(traceText(goldenTrace(recorded)), UPDATE).toBe(traceText(golden(scenario.name).trace));
    for (const secret of secrets) expect(recorded).not.toContain(secret);
  });

  it('replays to the same end, with every sequence asked for', async () => {
    expect(await replayScenario(scenario, golden(scenario.name).trace)).toEqual(scenario.ends);
  });

  it('holds no secret, run id, time or duration', () => {
    const { text } = golden(scenario.name);
    // a secret that stood anywhere but in its own request would have left a mark; so would a rule that takes out too much
    expect(text).not.toContain('[redacted]');
    expect(text).not.toMatch(/planted|auth\.password|\d{8}-\d{6}-[0-9a-f]{8}|\d{4}-\d\d-\d\dT/);
    expect(text).not.toMatch(/"ms":(?!0\b)/);
  });
});

describe('a replay', () => {
  const scenario = TRACE_SCENARIOS.find(({ name }) => name === 'detach-multipath')!;

  it('of a sequence that differs fails with the difference', async () => {
    const { trace } = golden(scenario.name);
    const changed = JSON.parse(JSON.stringify(trace).replaceAll('"sync","-d"', '"sync","-f"')) as Trace;
    await expect(replayScenario(scenario, changed)).rejects.toThrow(
      'recorded "run sync -f /dev/dm-0", asked "run sync -d /dev/dm-0"',
    );
  });

  it('of a run that ends earlier says what was not asked for', async () => {
    const { trace } = golden(scenario.name);
    const last = trace.lines.findLast(isSequence)!;
    const longer = { ...trace, lines: [...trace.lines, { ...last, sequence: last.sequence + 1 }] };
    await expect(replayScenario(scenario, longer)).rejects.toThrow('1 of its sequences were not asked for');
  });
});
