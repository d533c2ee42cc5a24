// `npm run demo`: from a clone without node_modules to a run of the demo. Arguments go to `longshore demo`.
import { spawn } from 'node:child_process';
import path from 'node:path';
import { ROOT, build, checkNode, installModules } from './set-up.mjs';

process.chdir(ROOT);
if (checkNode() && (await installModules()) && (await build())) {
  const main = path.join(ROOT, 'dist/cli/main.js');
  const demo = spawn(process.execPath, [main, 'demo', ...process.argv.slice(2)], { stdio: 'inherit' });
  // the terminal's Ctrl-C reaches the demo as well, and it decides how to end
  process.on('SIGINT', () => undefined);
  process.on('SIGTERM', () => demo.kill('SIGTERM'));
  demo.once('exit', (code) => {
    process.exitCode = code ?? 1;
  });
} else {
  process.exitCode = 1;
}
