// Runs one command for the set-up and test scripts: in its own process group, with a time limit that ends the whole group,
// and with its output kept or passed on. Plain JavaScript with Node's own modules: it runs before anything is installed.
import { spawn } from 'node:child_process';

/** Lives so long after SIGTERM. */
const GRACE_MS = 10_000;

const running = new Set();

for (const signal of ['SIGINT', 'SIGTERM', 'SIGHUP']) {
  process.on(signal, () => {
    for (const child of running) signalGroup(child, 'SIGTERM');
    console.error(`ended by ${signal}`);
    setTimeout(() => {
      for (const child of running) signalGroup(child, 'SIGKILL');
      process.exit(130);
    }, GRACE_MS).unref();
    process.exitCode = 130;
    stopped = true;
  });
}

let stopped = false;

/** True once the user has asked to stop: start nothing more. */
export function isStopped() {
  return stopped;
}

/**
 * Result: `{ok, code, timedOut, output}`; never throws. `show: true` passes the output on as it comes.
 *
 * @param {string} file
 * @param {readonly string[]} args
 * @param {{limitMs: number, show?: boolean, env?: Record<string, string>}} options
 */
export function runCommand(file, args, { limitMs, show = false, env = {} }) {
  return new Promise((resolve) => {
    const child = spawn(file, args, {
      stdio: ['ignore', 'pipe', 'pipe'],
      detached: true,
      env: { ...process.env, ...(show && process.stdout.isTTY ? { FORCE_COLOR: '1' } : {}), ...env },
    });
    running.add(child);
    let output = '';
    let timedOut = false;
    const keep = (stream) => (chunk) => {
      output += chunk;
      if (show) stream.write(chunk);
    };
    child.stdout.setEncoding('utf8').on('data', keep(process.stdout));
    child.stderr.setEncoding('utf8').on('data', keep(process.stderr));
    const timers = [
      setTimeout(() => {
        timedOut = true;
        signalGroup(child, 'SIGTERM');
        timers.push(setTimeout(() => signalGroup(child, 'SIGKILL'), GRACE_MS));
      }, limitMs),
    ];
    const end = (code) => {
      for (const timer of timers) clearTimeout(timer);
      running.delete(child);
      resolve({ ok: code === 0 && !timedOut, code, timedOut, output });
    };
    child.once('error', (error) => {
      output += `${error.message}\n`;
      end(null);
    });
    // `exit` and not `close`: a stray grandchild that holds the pipe must not keep us; what it wrote in the meantime is read
    child.once('exit', (code) => {
      setTimeout(() => {
        child.stdout.destroy();
        child.stderr.destroy();
        signalGroup(child, 'SIGKILL');
        end(code);
      }, 200);
    });
  });
}

function signalGroup(child, signal) {
  try {
    process.kill(-child.pid, signal);
  } catch {
    // it is gone already
  }
}

/** `12 s`, `2 min 5 s` */
export function showTime(ms) {
  const seconds = Math.round(ms / 1000);
  return seconds < 60 ? `${seconds} s` : `${Math.floor(seconds / 60)} min ${seconds % 60} s`;
}

/** Prints `what ...` and then, on the same line, how it went and how long it took. Shows the output of what failed. */
export async function step(what, file, args, options) {
  process.stdout.write(`${what} ... `);
  const started = performance.now();
  const result = await runCommand(file, args, options);
  const time = showTime(performance.now() - started);
  if (result.ok) {
    process.stdout.write(`${time}\n`);
  } else {
    const how = result.timedOut ? `not done in ${showTime(options.limitMs)}` : `failed after ${time}`;
    process.stdout.write(`${how}\n${shorten(result.output)}\n`);
  }
  return result.ok;
}

function shorten(text) {
  const lines = text.trimEnd().split('\n');
  return (lines.length <= 50 ? lines : [...lines.slice(0, 20), '[...]', ...lines.slice(-30)]).join('\n');
}
