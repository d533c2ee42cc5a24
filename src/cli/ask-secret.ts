import { createInterface } from 'node:readline';
import { Writable } from 'node:stream';
import { LongshoreError } from '../errors/longshore-error.js';
import { Secret } from '../secrets/secret.js';
import { usageError } from './parse-options.js';
import type { Terminal } from './terminal.js';

/**
 * Asks for a secret on the terminal without echo; from a pipe, its next line is the answer. The question goes to stderr, so that
 * stdout stays the result's.
 */
export async function askSecret(question: string, terminal: Terminal): Promise<Secret> {
  return terminal.stdin.isTTY === true ? askOnTerminal(question, terminal) : readLine(terminal.stdin);
}

async function askOnTerminal(question: string, terminal: Terminal): Promise<Secret> {
  const nowhere = new Writable({ write: (_chunk, _encoding, done) => done() });
  // with `terminal: true` readline turns the tty's own echo off and would echo to `output` itself
  const reader = createInterface({ input: terminal.stdin, output: nowhere, terminal: true, historySize: 0 });
  // not before the echo is off: the answer may be typed, or pasted, at once
  terminal.stderr.write(question);
  try {
    const answer = await new Promise<string>((resolve, reject) => {
      reader.once('line', resolve);
      reader.once('SIGINT', () => reject(new LongshoreError('E_INTERRUPTED', 'interrupted at the password prompt')));
      reader.once('close', () => reject(usageError('no password was given on stdin')));
    });
    return new Secret(answer);
  } finally {
    reader.close();
    terminal.stderr.write('\n');
  }
}

/** One line, and no more: what follows may be the answer to the next question. */
async function readLine(stdin: Terminal['stdin']): Promise<Secret> {
  const parts: Buffer[] = [];
  let hasEnded = true;
  for await (const chunk of stdin.iterator({ destroyOnReturn: false })) {
    const data = Buffer.from(chunk as Buffer | string);
    const end = data.indexOf('\n');
    parts.push(end === -1 ? data : data.subarray(0, end));
    if (end === -1) continue;
    hasEnded = false;
    if (end + 1 < data.length) stdin.unshift(data.subarray(end + 1));
    break;
  }
  const line = Buffer.concat(parts).toString('utf8');
  if (hasEnded && line === '') throw usageError('no password was given on stdin');
  return new Secret(line.replace(/\r$/, ''));
}
