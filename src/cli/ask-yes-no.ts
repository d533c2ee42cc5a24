import { createInterface } from 'node:readline';
import { LongshoreError } from '../errors/longshore-error.js';
import type { Terminal } from './terminal.js';

/** Asks on the terminal, on stderr, so that stdout stays the result's. Only "y" and "yes" are a yes; the end of input is a no. */
export async function askYesNo(question: string, terminal: Terminal): Promise<boolean> {
  const reader = createInterface({
    input: terminal.stdin,
    output: terminal.stderr,
    terminal: terminal.stdin.isTTY === true,
  });
  try {
    const answer = await new Promise<string>((resolve, reject) => {
      reader.once('close', () => resolve(''));
      reader.once('SIGINT', () => reject(new LongshoreError('E_INTERRUPTED', 'interrupted at a question')));
      reader.question(`${question} [y/N] `, resolve);
    });
    return /^(?:y|yes)$/i.test(answer.trim());
  } catch (error) {
    // readline takes Ctrl-C for itself; it is meant for the whole run
    process.emit('SIGINT');
    throw error;
  } finally {
    reader.close();
  }
}
