import { connect } from 'node:net';
import { setTimeout as sleep } from 'node:timers/promises';
import { deferred } from './command.js';

const PROMPT = '(qemu) ';

/** Sends QEMU's human monitor one command and returns what it answered. */
export async function askMonitor(socketPath: string, command: string, timeoutMs = 20_000): Promise<string> {
  const { promise, resolve, reject } = deferred<string>();
  const socket = connect(socketPath);
  let received = '';
  let sent = false;
  socket.setTimeout(timeoutMs, () => reject(new Error(`the monitor did not answer "${command}"`)));
  socket.on('error', reject);
  socket.on('close', () => reject(new Error(`the monitor closed during "${command}"`)));
  socket.on('data', (chunk: Buffer) => {
    received += chunk.toString();
    if (!received.endsWith(PROMPT)) return;
    if (sent) return resolve(answerIn(received));
    sent = true;
    received = '';
    socket.write(`${command}\n`);
  });
  try {
    return await promise;
  } finally {
    socket.removeAllListeners();
    socket.on('error', () => undefined);
    socket.destroy();
  }
}

/** Waits until QEMU has opened its monitor. */
export async function waitForMonitor(socketPath: string, timeoutMs: number, alive: () => boolean): Promise<void> {
  const end = performance.now() + timeoutMs;
  for (;;) {
    try {
      await askMonitor(socketPath, 'info status', 5_000);
      return;
    } catch (error) {
      if (!alive()) throw new Error('QEMU ended', { cause: error });
      if (performance.now() > end) throw new Error('QEMU did not open its monitor', { cause: error });
      await sleep(20);
    }
  }
}

/** The monitor echoes what is typed, with the cursor movements of a line editor, then answers and prompts again. */
function answerIn(received: string): string {
  const lines = received.slice(0, -PROMPT.length).split(/\r?\n/u);
  return lines.slice(1).join('\n').trimEnd();
}
