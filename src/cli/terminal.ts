import type { Readable, Writable } from 'node:stream';
import { styleText } from 'node:util';
import type { Paint } from '../report/paint.js';

/** What a command sees of the process that it runs in. */
export interface Terminal {
  readonly stdin: Readable & { readonly isTTY?: boolean; ref?(): unknown; unref?(): unknown };
  readonly stdout: Writable & { readonly isTTY?: boolean };
  readonly stderr: Writable & { readonly isTTY?: boolean };
  readonly env: Readonly<Record<string, string | undefined>>;
}

export function processTerminal(): Terminal {
  const { stdin, stdout, stderr, env } = process;
  return { stdin, stdout, stderr, env };
}

/** Colours when the stream is a terminal that wants them; NO_COLOR, FORCE_COLOR and TERM=dumb are obeyed. */
export function paintFor(stream: Terminal['stdout']): Paint {
  return (style, text) => styleText(style, text, { stream, validateStream: true });
}
