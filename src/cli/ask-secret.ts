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
  stdin.ref?.();
  try {
    let line = Buffer.alloc(0);
    for (;;) {
      const chunk = await nextChunk(stdin);
      if (chunk === null) break;
      const end = chunk.indexOf('\n');
      line = Buffer.concat([line, end === -1 ? chunk : chunk.subarray(0, end)]);
      if (end === -1) continue;
      if (end + 1 < chunk.length) stdin.unshift(chunk.subarray(end + 1));
      return new Secret(line.toString('utf8').replace(/\r$/, ''));
    }
    if (line.length === 0) throw usageError('no password was given on stdin');
    return new Secret(line.toString('utf8'));
  } finally {
    // a pipe that stays open must not keep the process
    stdin.unref?.();
  }
}

/** Null at the end. */
function nextChunk(stdin: Terminal['stdin']): Promise<Buffer | null> {
  return new Promise((resolve) => {
    const settle = (chunk: Buffer | null): void => {
      stdin.off('readable', look).off('end', onEnd).off('error', onEnd);
      resolve(chunk);
    };
    const onEnd = (): void => settle(null);
    const look = (): void => {
      const chunk: unknown = stdin.read();
      if (chunk !== null) settle(Buffer.from(chunk as Buffer | string));
    };
    stdin.on('readable', look).once('end', onEnd).once('error', onEnd);
    if (stdin.readableEnded || stdin.destroyed) onEnd();
    else look();
  });
}
