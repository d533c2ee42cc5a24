// `npm run schema [-- --check]`: the JSON schemas of what users write and read, from the zod schemas of the source.
import { existsSync } from 'node:fs';
import path from 'node:path';
import { ROOT } from './set-up.mjs';
import { runCommand } from './run-command.mjs';

process.chdir(ROOT);
const script = path.join('tools', 'write-schemas.ts');
if (existsSync(script)) {
  const args = [script, ...process.argv.slice(2)];
  const result = await runCommand('node_modules/.bin/tsx', args, { limitMs: 60_000, show: true });
  if (!result.ok) process.exitCode = 1;
} else {
  console.log(`${script} is not there yet: no schemas`);
}
