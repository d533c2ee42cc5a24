// `npm run build`: src/ to dist/, the main file executable, and nothing left in dist/ of a source that is gone.
import { chmodSync, existsSync, readdirSync, rmSync } from 'node:fs';
import path from 'node:path';
import { ROOT } from './set-up.mjs';
import { runCommand } from './run-command.mjs';

process.chdir(ROOT);
const tsc = await runCommand('node_modules/.bin/tsc', ['-p', 'tsconfig.build.json'], { limitMs: 300_000, show: true });
if (!tsc.ok) process.exitCode = 1;
if (existsSync('dist')) {
  for (const name of readdirSync('dist', { recursive: true })) {
    const source = path.join('src', name.replace(/(\.d\.ts|\.js)(\.map)?$/, '.ts'));
    if (!existsSync(source)) rmSync(path.join('dist', name), { recursive: true, force: true });
  }
}
if (existsSync('dist/cli/main.js')) chmodSync('dist/cli/main.js', 0o755);
