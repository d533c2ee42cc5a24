import { createInterface } from 'node:readline';
import { Writable } from 'node:stream';
import { LongshoreError } from '../errors/longshore-error.js';
import { Secret } from '../secrets/secret.js';
import { usageError } from './parse-options.js';
import type { Terminal } from './terminal.js';

/**
 * Asks for a secret on the terminal without echo; from a pipe, its first line is the answer. The question goes to stderr, so that
 * stdout stays the result's.
 */
export async function askSecret(question: string, terminal: Terminal): Promise<Secret> {
  const isTerminal = terminal.stdin.isTTY === true;
  const nowhere = new Writable({ write: (_chunk, _encoding, done) => done() });
  if (isTerminal) terminal.stderr.write(question);
  // with `terminal: true` readline turns the tty's own echo off and would echo to `output` itself
  const reader = createInterface({ input: terminal.stdin, output: nowhere, terminal: isTerminal, historySize: 0 });
  try {
    const answer = await new Promise<string>((resolve, reject) => {
      reader.once('line', resolve);
      reader.once('SIGINT', () => reject(new LongshoreError('E_INTERRUPTED', 'interrupted at the password prompt')));
      reader.once('close', () => reject(usageError('no password was given on stdin')));
    });
    return new Secret(answer);
  } finally {
    reader.close();
    if (isTerminal) terminal.stderr.write('\n');
  }
}
