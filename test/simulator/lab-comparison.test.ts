import { readFileSync } from 'node:fs';
import { expect, it } from 'vitest';
import { compareRecordings } from './compare-recordings.js';
import type { RecordedVerb } from './compared-scenarios.js';
import { recordOnSimulator } from './compared-simulator.js';

/** What `npx tsx test/lab/record-comparison.ts` has recorded on real kernels. */
function ofLab() {
  const text = readFileSync(new URL('lab-recording.json', import.meta.url), 'utf8');
  const { names, recorded } = JSON.parse(text) as { names: [string, string][]; recorded: RecordedVerb[] };
  return { names: new Map(names), recorded };
}

it('a simulated host is asked and answers what a real one was asked and answered, in every scenario', async () => {
  const { scenarios, verbs, requests, equal, different } = compareRecordings(ofLab(), await recordOnSimulator());
  process.stdout.write(
    `simulator against lab: compared ${requests} requests of ${verbs} verbs in ${scenarios} scenarios: ${equal} equal, ${different.length} different\n`,
  );
  expect(different).toEqual([]);
});

it('a simulated host that answers otherwise in one word does not pass', () => {
  const lab = ofLab();
  const text = JSON.stringify(lab.recorded);
  for (const [word, other] of [
    ['LOGGED_IN', 'LOGGED_OUT'],
    ['"exit":8', '"exit":4'],
    ['node.startup = manual', 'node.startup = automatic'],
  ] as const) {
    expect(text).toContain(word);
    const changed = { ...lab, recorded: JSON.parse(text.replaceAll(word, other)) as RecordedVerb[] };
    expect(compareRecordings(lab, changed).different.length, word).toBeGreaterThan(0);
  }
});
