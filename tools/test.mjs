// `npm test`: from a clone without node_modules, sets everything up and runs everything, the lab included. Ends with the one line
// `N passed, N failed, N skipped` over all parts. `npm test -- FILES` runs only those test files, after the same set-up.
import { ROOT, build, checkNode, installModules, installTestPrograms, missingForLab } from './set-up.mjs';
import { isStopped, runCommand, showTime } from './run-command.mjs';

const MINUTE_MS = 60_000;
const VITEST = 'node_modules/.bin/vitest';
const started = performance.now();
const total = { passed: 0, failed: 0, skipped: 0 };
const troubles = [];

function fail(reason) {
  total.failed += 1;
  troubles.push(reason);
}

/** Runs one part, shows its output, and adds the counts of its closing line. */
async function part(name, file, args, limitMs) {
  if (isStopped()) return fail(`${name}: not run`);
  console.log(`\n== ${name}`);
  const start = performance.now();
  const result = await runCommand(file, args, { limitMs, show: true });
  const closing = /^(\d+) passed, (\d+) failed, (\d+) skipped$/.exec(result.output.trimEnd().split('\n').at(-1) ?? '');
  const [passed = 0, failed = 0, skipped = 0] = (closing?.slice(1) ?? []).map(Number);
  total.passed += passed;
  total.failed += failed;
  total.skipped += skipped;
  if (result.timedOut) fail(`${name}: not done in ${showTime(limitMs)}, ended`);
  else if (closing === null) fail(`${name}: ended without a result (exit ${result.code})`);
  else if (!result.ok && failed === 0) fail(`${name}: exit ${result.code} although no test failed`);
  else if (failed > 0) troubles.push(`${name}: ${failed} failed`);
  console.log(`== ${name}: ${showTime(performance.now() - start)}`);
  return undefined;
}

async function runAll() {
  const missing = await installTestPrograms();
  const isWithSshd = missing.length === 0;
  if (!isWithSshd) {
    fail(`tests against a real sshd cannot run; install, as root: apt-get install ${missing.join(' ')}`);
  }
  await part('static checks', process.execPath, ['tools/check.mjs'], 10 * MINUTE_MS);
  const projects = ['unit', ...(isWithSshd ? ['sshd'] : []), 'simulator', 'faults', 'cli'];
  const quick = ['run', ...projects.flatMap((project) => ['--project', project])];
  await part(`tests (${projects.join(', ')})`, VITEST, quick, 30 * MINUTE_MS);
  const missingInLab = missingForLab();
  if (missingInLab.length === 0) {
    const skippedBefore = total.skipped;
    await part('tests in the lab (real kernels; builds it first)', VITEST, ['run', '--project', 'lab'], 60 * MINUTE_MS);
    const skipped = total.skipped - skippedBefore;
    if (process.env.CI !== undefined && skipped > 0)
      fail(`tests in the lab: ${skipped} skipped, which CI does not accept`);
  } else {
    fail(`tests in the lab cannot run; install, as root: apt-get install ${missingInLab.join(' ')}`);
  }
}

process.chdir(ROOT);
const files = process.argv.slice(2);
if (!checkNode() || !(await installModules())) {
  fail('set-up failed');
} else if (!(await build({ always: true }))) {
  fail('build failed');
  await part('static checks', process.execPath, ['tools/check.mjs'], 10 * MINUTE_MS);
} else if (files.length > 0) {
  const missing = await installTestPrograms();
  if (missing.length > 0) fail(`missing; install, as root: apt-get install ${missing.join(' ')}`);
  await part('chosen tests', VITEST, ['run', ...files], 30 * MINUTE_MS);
} else {
  await runAll();
}
if (isStopped()) fail('ended by a signal');
console.log(`\n${showTime(performance.now() - started)} in all`);
for (const trouble of troubles) console.log(`FAILED ${trouble}`);
console.log(`${total.passed} passed, ${total.failed} failed, ${total.skipped} skipped`);
if (total.failed > 0) process.exitCode ??= 1;
