import * as fc from 'fast-check';
import type { RunHeader } from '../../../src/journal/run-journal.js';
import type { JournalLine } from '../../../src/journal/journal-lines.js';

/** The first line of a run on these hosts. */
export function header(run: string, hosts: readonly string[], more: Partial<RunHeader> = {}): RunHeader {
  return {
    run,
    verb: 'attach',
    options: {},
    inventory: '/etc/longshore/fleet.yaml',
    volumeFiles: [],
    limit: null,
    hosts: [...hosts],
    workingDirectory: '/root',
    controller: { machine: 'bastion', user: 'ops', pid: 4711, started: '99', boot: 'b', version: '0.1.0' },
    ...more,
  };
}

const t = fc.integer({ min: 0, max: 4_000_000_000_000 }).map((ms) => new Date(ms).toISOString());
const text = fc.string({ unit: 'binary', maxLength: 12 });
const error = fc.record(
  { code: text, message: text, step: text, command: text, stderr: text, remedy: text },
  { requiredKeys: ['code', 'message'] },
);
const path = fc.record({ device: text, hctl: text, portal: text, state: text, identity: text });
const session = fc.record({ target: text, portal: text, iface: text }, { requiredKeys: ['target', 'portal'] });
const outcome = fc.constantFrom('ok', 'changed', 'failed', 'refused', 'unreachable', 'unknown');
const deviceInfo = fc.record({ type: fc.constant('block' as const), path: text, scsi_wwn: text });
const at = { v: fc.constant(1 as const), t, task: fc.nat(9), host: text };

/** Any line of a journal, of the kinds that hold something. */
export const anyLine: fc.Arbitrary<JournalLine> = fc.oneof(
  fc.record({ ...at, type: fc.constant('host-started' as const) }),
  fc.record({
    ...at,
    type: fc.constant('found' as const),
    volume: text,
    found: fc.record({
      attached: fc.boolean(),
      deviceInfo,
      paths: fc.array(path, { maxLength: 2 }),
      sessions: fc.array(session, { maxLength: 2 }),
      records: fc.array(session, { maxLength: 2 }),
    }),
  }),
  fc.record(
    {
      ...at,
      type: fc.constant('intent' as const),
      volume: text,
      op: fc.nat(),
      step: text,
      what: text,
      changes: fc.array(text),
      command: text,
    },
    { requiredKeys: ['v', 't', 'task', 'host', 'type', 'op', 'step', 'what', 'changes'] },
  ),
  fc.record(
    {
      ...at,
      type: fc.constant('outcome' as const),
      op: fc.nat(),
      result: fc.constantFrom('ok', 'failed', 'unknown', 'not-run'),
      error,
    },
    { requiredKeys: ['v', 't', 'task', 'host', 'type', 'op', 'result'] },
  ),
  fc.record(
    {
      ...at,
      type: fc.constant('volume-ended' as const),
      volume: text,
      outcome,
      deviceInfo: fc.option(deviceInfo),
      wwid: fc.option(text),
      sizeBytes: fc.option(fc.nat()),
      paths: fc.array(path, { maxLength: 2 }),
      warnings: fc.array(text, { maxLength: 2 }),
      left: fc.array(text, { maxLength: 2 }),
      error,
    },
    {
      requiredKeys: [
        'v',
        't',
        'task',
        'host',
        'type',
        'volume',
        'outcome',
        'deviceInfo',
        'wwid',
        'sizeBytes',
        'paths',
        'warnings',
        'left',
      ],
    },
  ),
  fc.record({
    v: fc.constant(1 as const),
    t,
    type: fc.constant('run-ended' as const),
    interrupted: fc.boolean(),
    durationMs: fc.nat(),
  }),
) as fc.Arbitrary<JournalLine>;
