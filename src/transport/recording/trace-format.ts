import { z } from 'zod';
import { ERROR_CODES } from '../../errors/longshore-error.js';
import type { LaneReply } from '../executor.js';

/**
 * The lines of a recording, which is a file of JSON lines; `docs/recording.md` is the page on it. Fields may be added without a new
 * version; readers leave alone what they do not know.
 */
export const TRACE_VERSION = 1;

export const headerSchema = z.looseObject({
  longshore: z.literal('recording'),
  version: z.number(),
  host: z.string(),
});

const count = z.number().int().nonnegative();
const text = z.string().default('');
const texts = z.array(z.string()).default([]);
const textByPath = z.record(z.string(), z.string()).default({});
const ok = z.boolean();

const requestSchema = z.looseObject({ kind: z.enum(['run', 'read', 'list', 'find', 'write', 'wait', 'lock']) });

const replySchema = z.discriminatedUnion('kind', [
  z.object({
    kind: z.literal('run'),
    ok,
    exit: z.number().int().nullable(),
    stdout: text,
    stderr: text,
    timedOut: z.boolean().default(false),
    truncated: z.boolean().default(false),
  }),
  z.object({ kind: z.literal('read'), ok: z.literal(true), files: textByPath, unreadable: texts }),
  z.object({ kind: z.literal('list'), ok: z.literal(true), paths: texts, resolved: textByPath }),
  z.object({ kind: z.literal('find'), ok: z.literal(true), paths: texts }),
  z.object({ kind: z.literal('write'), ok, error: text }),
  z.object({ kind: z.literal('wait'), ok, matches: texts, remaining: texts }),
  z.object({ kind: z.literal('lock'), ok, holder: text }),
  z.object({ kind: z.literal('skipped'), ok: z.literal(false) }),
]);

const errorSchema = z.object({ code: z.enum(ERROR_CODES), message: z.string(), remedy: z.string().optional() });

/** A connection that came about, or did not. */
const connectionSchema = z.object({ connection: count, ms: z.number(), error: errorSchema.optional() });

/** One sequence: what was asked, and what was answered or went wrong. */
const sequenceSchema = z.object({
  /** number of the sequence in the file, in the order in which they were issued */
  sequence: count,
  connection: count,
  /** number of the round trip within the connection */
  turn: count,
  ms: z.number(),
  requests: z.array(requestSchema),
  replies: z.array(replySchema).optional(),
  error: errorSchema.optional(),
});

const closedSchema = z.object({
  closed: count,
  counters: z.object({
    roundTrips: count,
    remoteProcesses: count,
    bytesIn: count,
    bytesOut: count,
    connectMs: z.number(),
  }),
});

export type TraceRequest = z.infer<typeof requestSchema>;
/** A reply with everything in it; in the file, fields that are empty or false are left out. */
export type TraceReply = z.infer<typeof replySchema>;
export type TraceError = z.infer<typeof errorSchema>;
export type ConnectionLine = z.infer<typeof connectionSchema>;
export type SequenceLine = z.infer<typeof sequenceSchema>;
export type ClosedLine = z.infer<typeof closedSchema>;
export type TraceLine = ConnectionLine | SequenceLine | ClosedLine;

/** A recording of one host that was read, or is about to be written. */
export interface Trace {
  readonly host: string;
  /** sequences in the order in which they were issued */
  readonly lines: readonly TraceLine[];
}

/** The line behind a parsed JSON value; null when it is none. */
export function traceLine(value: unknown): TraceLine | null {
  if (typeof value !== 'object' || value === null) return null;
  const schema = 'sequence' in value ? sequenceSchema : 'closed' in value ? closedSchema : connectionSchema;
  return schema.safeParse(value).data ?? null;
}

export function isSequence(line: TraceLine): line is SequenceLine {
  return 'sequence' in line;
}

/** The reply as an executor gives it. */
export function replyOf(reply: TraceReply): LaneReply {
  switch (reply.kind) {
    case 'read':
      return { ...reply, files: new Map(Object.entries(reply.files)) };
    case 'list':
      return { ...reply, resolved: new Map(Object.entries(reply.resolved)) };
    default:
      return reply;
  }
}
