import { LongshoreError } from '../../errors/longshore-error.js';
import { Secret } from '../../secrets/secret.js';
import type { LaneReply, LaneRequest } from '../executor.js';
import { type SecretScrubber, secretsIn } from '../../secrets/secret-scrubber.js';
import type { TraceError, TraceLine, TraceReply, TraceRequest } from './trace-format.js';
import { TRACE_VERSION } from './trace-format.js';

type Json = string | number | boolean | null | readonly Json[] | { readonly [key: string]: Json };

/** Replies hold empty fields most of the time. */
const EMPTY = new Set(['""', 'false', '[]', '{}']);

/** A request as a recording has it: all its fields, and `{"secret": true}` for each `Secret`, which the scrubber gets to know. */
export function requestLine(request: LaneRequest, scrubber: SecretScrubber): TraceRequest {
  for (const secret of secretsIn(request)) scrubber.learn(secret);
  return plain(request, scrubber) as TraceRequest;
}

/** A reply as a recording has it, without the secrets that the scrubber knows. */
export function replyLine(reply: LaneReply, scrubber: SecretScrubber): TraceReply {
  if (reply.kind !== 'read') return plain(reply, scrubber) as TraceReply;
  const files = [...reply.files].map(([filePath, text]) => [filePath, scrubber.content(filePath, text)] as const);
  return plain({ ...reply, files: new Map(files) }, scrubber) as TraceReply;
}

export function errorLine(thrown: unknown, scrubber: SecretScrubber): TraceError {
  if (!(thrown instanceof LongshoreError)) {
    return { code: 'E_INTERNAL', message: scrubber.text(thrown instanceof Error ? thrown.message : String(thrown)) };
  }
  const { remedy } = thrown.details;
  const message = scrubber.text(thrown.message);
  return { code: thrown.code, message, ...(remedy === undefined ? {} : { remedy: scrubber.text(remedy) }) };
}

export function headerText(host: string): string {
  return `${JSON.stringify({ longshore: 'recording', version: TRACE_VERSION, host })}\n`;
}

/** One line of the file. */
export function lineText(line: TraceLine): string {
  if (!('replies' in line) || line.replies === undefined) return `${JSON.stringify(line)}\n`;
  const replies = line.replies.map((reply) =>
    Object.fromEntries(
      Object.entries(reply).filter(([key, value]) => key === 'ok' || !EMPTY.has(JSON.stringify(value))),
    ),
  );
  return `${JSON.stringify({ ...line, replies })}\n`;
}

function plain(value: unknown, scrubber: SecretScrubber): Json {
  if (typeof value === 'string') return scrubber.text(value);
  if (value === null || typeof value === 'number' || typeof value === 'boolean') return value;
  if (value instanceof Secret) return { secret: true };
  if (Array.isArray(value)) return value.map((inner: unknown) => plain(inner, scrubber));
  const entries: (readonly [string, unknown])[] = value instanceof Map ? [...value] : Object.entries(value as object);
  return Object.fromEntries(
    entries
      .filter(([, inner]) => inner !== undefined)
      .map(([key, inner]) => [scrubber.text(key), plain(inner, scrubber)]),
  );
}
