import * as z from 'zod';
import { overrideSchema } from './override.js';

/** Version of the format. A reader refuses newer ones; within a version, lines and fields are only added. */
export const JOURNAL_VERSION = 1;

const outcome = z.enum(['ok', 'changed', 'failed', 'refused', 'unreachable', 'unknown']);

const error = z
  .looseObject({
    code: z.string(),
    message: z.string(),
    step: z.string().optional(),
    command: z.string().optional().describe('quoted for reading, without secrets'),
    stderr: z.string().optional().describe('the last of what the command said'),
    remedy: z.string().optional(),
  })
  .describe('why it did not go well; match on code');

const deviceInfo = z.looseObject({
  type: z.literal('block'),
  path: z.string(),
  scsi_wwn: z.string(),
  multipath_id: z.string().optional(),
});

const path = z.looseObject({
  device: z.string().describe('kernel name, valid only then'),
  hctl: z.string(),
  portal: z.string(),
  state: z.string(),
  identity: z.string(),
});

const session = z.looseObject({
  target: z.string(),
  portal: z.string(),
  iface: z.string().optional(),
});

const record = session.extend({
  mark: z.enum(['made', 'used']).optional().describe('what a Longshore had written into it before'),
});

const found = z
  .looseObject({
    attached: z.boolean(),
    deviceInfo: deviceInfo.optional(),
    sizeBytes: z.number().optional(),
    paths: z.array(path),
    sessions: z.array(session),
    records: z.array(record),
  })
  .describe('what there was of the volume before the verb began');

const definition = z
  .looseObject({
    name: z.string(),
    driverVolumeType: z.string(),
    data: z.record(z.string(), z.unknown()),
    wwid: z.string().optional(),
  })
  .describe('a volume as inventory or file declare it; what is secret is "[redacted]"');

const controller = z
  .looseObject({
    machine: z.string().describe('host name of the machine that Longshore ran on'),
    user: z.string(),
    pid: z.number().int(),
    started: z.string().describe('tells the process from a later one of the same pid; empty where that is not known'),
    boot: z.string().describe('boot id of that machine; empty where there is none'),
    version: z.string().describe('of Longshore'),
  })
  .describe('who wrote the journal');

const line = <T extends z.core.$ZodLooseShape>(type: string, shape: T) =>
  z.looseObject({
    v: z.literal(JOURNAL_VERSION),
    t: z.iso.datetime().describe('UTC, with milliseconds'),
    type: z.literal(type),
    ...shape,
  });

const at = {
  task: z.number().int().describe('of which task-started'),
  host: z.string(),
};

/** Each kind of line, by its type. */
export const LINES = {
  'run-started': line('run-started', {
    run: z.string(),
    verb: z.string().describe('what was called: attach, detach, extend, exec, resume, run, ...'),
    options: z
      .record(z.string(), z.unknown())
      .describe('how hosts are reached and worked on, by the names of the command line; files as absolute paths'),
    inventory: z.string().nullable().describe('absolute path'),
    volumeFiles: z.array(z.string()).describe('absolute paths'),
    limit: z.string().nullable(),
    hosts: z.array(z.string()).describe('all of the run'),
    workingDirectory: z.string(),
    controller,
    resumes: z
      .looseObject({ run: z.string(), mode: z.enum(['finish', 'undo']) })
      .optional()
      .describe('the run that this one finishes or undoes'),
  }),
  'task-started': line('task-started', {
    task: z.number().int(),
    verb: z.string(),
    name: z.string().optional().describe('of the play or task of a runbook'),
    options: z.record(z.string(), z.unknown()).describe('of the verb: force, ignoreErrors, command, ...'),
    overrides: z.array(overrideSchema).optional().describe('safeguards that a person has set aside; absent: none'),
    volumes: z.array(definition),
    hosts: z.array(
      z.looseObject({ name: z.string(), volumes: z.array(z.number().int()).describe('places in volumes') }),
    ),
  }),
  'host-started': line('host-started', at),
  found: line('found', { ...at, volume: z.string(), found }),
  intent: line('intent', {
    ...at,
    volume: z.string().optional(),
    op: z.number().int().describe('number of the change in this run: run and op name it everywhere'),
    step: z.string(),
    what: z.string(),
    changes: z.array(z.string()),
    command: z.string().optional(),
    flushes: z
      .literal(true)
      .optional()
      .describe('it brings written data to the array: how that went, the host tells once'),
  }),
  outcome: line('outcome', {
    ...at,
    volume: z.string().optional(),
    op: z.number().int(),
    result: z.enum(['ok', 'failed', 'unknown', 'not-run']),
    error: error.optional(),
  }),
  'volume-ended': line('volume-ended', {
    ...at,
    volume: z.string(),
    outcome,
    deviceInfo: deviceInfo.nullable().describe('null: the volume is not attached'),
    wwid: z.string().nullable(),
    sizeBytes: z.number().nullable(),
    paths: z.array(path),
    warnings: z.array(z.string()),
    left: z.array(z.string()).describe('objects that may be left on the host'),
    error: error.optional(),
  }),
  'step-ended': line('step-ended', {
    ...at,
    step: z.number().int().describe('of the play, from 1'),
    title: z.string(),
    subject: z.string().describe("name of the volume; '' for the host itself"),
    outcome,
    message: z.string(),
    error: error.optional(),
  }),
  'host-ended': line('host-ended', {
    ...at,
    outcome,
    durationMs: z.number(),
    roundTrips: z.number().int(),
    remoteProcesses: z.number().int(),
    exit: z.number().int().nullable().optional().describe('with exec: of the command'),
    error: error.optional(),
  }),
  'host-not-run': line('host-not-run', at),
  'task-ended': line('task-ended', { task: z.number().int(), durationMs: z.number() }),
  'run-interrupted': line('run-interrupted', {}),
  'run-ended': line('run-ended', { interrupted: z.boolean(), durationMs: z.number() }),
} as const;

export type LineType = keyof typeof LINES;
export type LineOf<T extends LineType> = z.output<(typeof LINES)[T]> & { readonly type: T };
export type JournalLine = { [T in LineType]: LineOf<T> }[LineType];

/** The fields that are known, without those that a newer version may have added. */
type Known<T> = { [K in keyof T as string extends K ? never : K]: T[K] };

/** What the writer of a line gives; version and time are put in front of it. */
export type NewLine<T extends LineType = LineType> = T extends LineType ? Omit<Known<LineOf<T>>, 'v' | 't'> : never;

/** For `schemas/`: one line of a journal. */
export const journalLineSchema = z
  .union(Object.values(LINES))
  .meta({ title: 'Longshore journal line', description: 'One line of the journal of a run' });
