// `npm run check`: all static checks at once. Shows the output of those that fail, and one line about all.
import { ROOT } from './set-up.mjs';
import { runCommand } from './run-command.mjs';

/** What the last run found out about files that have not changed since; both tools compare contents. */
const CACHE = 'node_modules/.cache/checks';
const remembered = (name) => ['--incremental', '--tsBuildInfoFile', `${CACHE}/${name}.tsbuildinfo`];
const LIMIT_S = 300;

const CHECKS = {
  types: ['node_modules/.bin/tsc', '-p', 'tsconfig.json', ...remembered('types')],
  'build types': ['node_modules/.bin/tsc', '-p', 'tsconfig.build.json', '--noEmit', ...remembered('build')],
  lint: ['node_modules/.bin/oxlint', '--type-aware', '--deny-warnings', '--format=unix'],
  format: [
    ...['node_modules/.bin/prettier', '--check', '--log-level', 'warn', '.'],
    ...['--cache', '--cache-strategy', 'content', '--cache-location', `${CACHE}/prettier`],
  ],
  layers: ['node_modules/.bin/tsx', 'tools/write-layers.ts', '--check'],
  schema: ['node', 'tools/schema.mjs', '--check'],
  'dead code': ['node_modules/.bin/knip', '--no-progress', '--no-config-hints'],
};

process.chdir(ROOT);
const started = performance.now();
const seconds = (since) => ((performance.now() - since) / 1000).toFixed(1);
const times = [];
const failed = [];
await Promise.all(
  Object.entries(CHECKS).map(async ([name, [file, ...args]]) => {
    const start = performance.now();
    const result = await runCommand(file, args, { limitMs: LIMIT_S * 1000 });
    times.push(`${name} ${seconds(start)} s${result.ok ? '' : ' FAILED'}`);
    if (result.ok) return;
    failed.push(name);
    console.log(`--- ${name}${result.timedOut ? ` (not done in ${LIMIT_S} s)` : ''}\n${result.output.trimEnd()}\n`);
  }),
);
console.log(`check: ${times.join(', ')}; all in ${seconds(started)} s`);
console.log(`${Object.keys(CHECKS).length - failed.length} passed, ${failed.length} failed, 0 skipped`);
if (failed.length > 0) process.exitCode = 1;
