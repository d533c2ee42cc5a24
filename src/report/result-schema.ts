import * as z from 'zod';
import { ERROR_CODES } from '../errors/longshore-error.js';

const count = z.number().int().nonnegative();
const milliseconds = z.number().nonnegative();

const outcome = z
  .enum(['ok', 'changed', 'failed', 'refused', 'unreachable', 'unknown'])
  .describe('ok: the goal already held; changed: it holds now; the rest is why it does not');

export const errorSchema = z
  .looseObject({
    code: z.enum(ERROR_CODES),
    message: z.string(),
    step: z.string().nullable().describe('id of the plan step that was at work; null outside of steps'),
    remedy: z.string().optional(),
    command: z.string().optional().describe('quoted for reading, without secrets'),
    stderr: z.string().optional().describe('the last of what the command said'),
  })
  .describe('match on code; messages may change');

const deviceInfo = z
  .looseObject({
    type: z.literal('block'),
    path: z.string(),
    scsi_wwn: z.string(),
    multipath_id: z.string().optional(),
  })
  .describe("os-brick's device info; null when the volume is not attached after the verb");

const path = z.looseObject({
  device: z.string().describe("kernel name, valid only now; '' for a missing path"),
  hctl: z.string(),
  portal: z.string(),
  state: z.string(),
  identity: z.enum(['live', 'cached', 'unknown']).optional().describe("how the path's identity was proven"),
  wwid: z.string().optional().describe('absent when it is not known'),
});

const step = z.looseObject({
  id: z.string(),
  what: z.string(),
  changes: z.array(z.string()),
  command: z.string().optional(),
  guards: z.array(z.string()).optional().describe('what must hold on the host at that moment, else it is not done'),
});

const volume = z.looseObject({
  outcome,
  deviceInfo: deviceInfo.nullable(),
  sizeBytes: count.nullable(),
  paths: z.array(path),
  warnings: z.array(z.string()),
  error: errorSchema.optional(),
  steps: z.array(step).optional().describe('with --plan: what would be done first; empty when nothing is to do'),
});

const command = z.looseObject({
  exit: z.number().int().nullable(),
  stdout: z.string(),
  stderr: z.string(),
  timedOut: z.boolean(),
  truncated: z.boolean(),
});

const ping = z.looseObject({
  connectMs: milliseconds,
  latencyMs: milliseconds,
  kernel: z.string(),
  architecture: z.string(),
});

const host = z.looseObject({
  outcome,
  roundTrips: count.describe('writes of requests to the host, without setting up the connection'),
  remoteProcesses: count,
  bytesIn: count,
  bytesOut: count,
  durationMs: milliseconds,
  error: errorSchema.optional(),
  volumes: z.record(z.string(), volume),
  command: command.optional().describe('with exec'),
  ping: ping.optional().describe('with ping'),
  facts: z
    .record(z.string(), z.unknown())
    .optional()
    .describe("with facts: os-brick's connector properties, a key only when the host has what it is about"),
});

const move = z
  .looseObject({
    mode: z.enum(['handover', 'evacuation']),
    volume: z.string().nullable(),
    wwid: z.string().nullable(),
    from: z.string(),
    to: z.string().nullable(),
    ending: z.enum(['planned', 'moved', 'nothing-to-do', 'returned', 'refused', 'frozen', 'stopped']),
    owner: z
      .looseObject({ host: z.string().nullable(), number: z.number().int() })
      .nullable()
      .describe('on record after it; the number grows with each owner'),
    story: z.array(z.string()).describe('what was done, or with --plan would be, in order; for people'),
    evidence: z
      .record(z.string(), z.unknown())
      .optional()
      .describe('evacuate: the fencing evidence that it began with'),
    error: errorSchema.optional(),
  })
  .describe('one volume that was to change hosts');

const totals = z.looseObject({
  hosts: count.describe('hosts selected, also those not run'),
  ok: count,
  changed: count,
  failed: count,
  refused: count,
  unreachable: count,
  unknown: count,
  notRun: count,
  roundTrips: count,
  remoteProcesses: count,
  bytesIn: count,
  bytesOut: count,
  durationMs: milliseconds,
});

const stopReason = z.looseObject({
  kind: z.enum(['safety', 'failures', 'outage', 'declined']),
  message: z.string(),
});

const play = z.looseObject({
  name: z.string(),
  batches: z.array(
    z.looseObject({
      hosts: z.array(z.string()),
      steps: z.array(
        z.looseObject({
          kind: z.string(),
          title: z.string(),
          works: z.array(
            z.looseObject({
              host: z.string().describe("'' for a step that is about the whole batch"),
              subject: z.string().describe("name of the volume; '' for the host itself"),
              outcome,
              message: z.string(),
              warnings: z.array(z.string()),
              error: errorSchema.optional(),
            }),
          ),
        }),
      ),
    }),
  ),
});

/** The document that `--json` prints, one for each run. Stable: fields may be added, none is removed or changes its meaning. */
export const resultSchema = z
  .looseObject({
    run: z.string(),
    verb: z.string(),
    plan: z.boolean().optional().describe('true with --plan: nothing was changed'),
    interrupted: z.boolean().optional(),
    resumes: z
      .looseObject({ run: z.string(), mode: z.enum(['finish', 'undo']) })
      .optional()
      .describe('with resume: the run whose work this one has finished or undone'),
    notRun: z.array(z.string()).describe('hosts on which nothing was begun, because of an interrupt or a stop'),
    hosts: z.record(z.string(), host),
    moves: z.array(move).optional().describe('with migrate and evacuate'),
    totals,
    stopped: stopReason.optional().describe('why it ended before its last host, when it was not by an interrupt'),
    unfinished: z.array(z.string()).optional().describe('with run: hosts that were begun and have steps left'),
    plays: z.array(play).optional().describe('with run: what each step did, in order'),
  })
  .meta({ title: 'Longshore result', description: 'What one run of a verb did on each host' });

export type ResultDocument = z.output<typeof resultSchema>;
export type MoveDocument = z.output<typeof move>;
export type ResultHost = z.output<typeof host>;
export type ResultVolume = z.output<typeof volume>;
export type ResultError = z.output<typeof errorSchema>;
