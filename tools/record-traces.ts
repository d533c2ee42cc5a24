import { writeFileSync } from 'node:fs';
import { headerText, lineText } from '../src/transport/recording/trace-lines.js';
import { TRACE_SCENARIOS } from '../test/traces/scenarios.js';
import { goldenFile, goldenTrace, recordScenario } from '../test/traces/stage.js';

/** `npx tsx tools/record-traces.ts [SCENARIO...]`: makes the golden traces of test/traces anew. The diff is what is to be reviewed. */
const chosen = process.argv.slice(2);
const unknown = chosen.filter((name) => !TRACE_SCENARIOS.some((scenario) => scenario.name === name));
if (unknown.length > 0) {
  throw new Error(`no scenario ${unknown.join(', ')}; there are ${TRACE_SCENARIOS.map(({ name }) => name).join(', ')}`);
}
for (const scenario of TRACE_SCENARIOS.filter(({ name }) => chosen.length === 0 || chosen.includes(name))) {
  const { ends, recorded, secrets } = await recordScenario(scenario);
  if (ends.join() !== scenario.ends.join()) {
    throw new Error(`${scenario.name}: ended ${ends.join(', ')} and not ${scenario.ends.join(', ')}; nothing written`);
  }
  const { host, lines } = goldenTrace(recorded);
  const text = headerText(host) + lines.map(lineText).join('');
  if (secrets.some((secret) => text.includes(secret)))
    throw new Error(`${scenario.name}: a secret is in the recording`);
  writeFileSync(goldenFile(scenario.name), text);
  console.log(`${scenario.name}: ${lines.length} lines, ${Math.ceil(text.length / 1024)} KiB`);
}
