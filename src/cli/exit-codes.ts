import { LongshoreError, type ErrorCode } from '../errors/longshore-error.js';
import type { FleetResult } from '../fleet/fleet-result.js';
import type { Outcome } from '../connectors/connector.js';

/** What the process ends with. Stable; the table for users is in docs/cli.md, and a test compares the two. */
export const EXIT = {
  ok: 0,
  internal: 1,
  failed: 2,
  usage: 3,
  unreachable: 4,
  refused: 5,
  unknown: 6,
  stopped: 7,
  interrupted: 130,
} as const;

export type ExitCode = number;

/** From the one that needs a person most: an unknown outcome is looked at before anything else is done. */
const PRECEDENCE = ['unknown', 'refused', 'failed', 'unreachable'] as const satisfies readonly Outcome[];

/** The exit code of a run: 130 when it was interrupted, else that of the gravest outcome of any host, else whether it was stopped. */
export function exitCodeOfRun(
  result: Pick<FleetResult, 'hosts' | 'interrupted' | 'stopped' | 'journalError'>,
): ExitCode {
  if (result.interrupted) return EXIT.interrupted;
  const outcomes = new Set([...result.hosts.values()].map((host) => host.outcome));
  if (result.journalError !== undefined) outcomes.add('failed');
  const gravest = PRECEDENCE.find((outcome) => outcomes.has(outcome));
  if (gravest !== undefined) return EXIT[gravest];
  return result.stopped === undefined ? EXIT.ok : EXIT.stopped;
}

const INPUT_CODES: readonly ErrorCode[] = [
  'E_USAGE',
  'E_INVENTORY',
  'E_VOLUME',
  'E_PLAYBOOK',
  'E_SECRET',
  'E_UNSUPPORTED',
  'E_JOURNAL',
  'E_STATE',
];

/** The exit code for an error that ended the command before or outside of the work on hosts. */
export function exitCodeOfError(error: unknown): ExitCode {
  if (!(error instanceof LongshoreError)) return EXIT.internal;
  if (error.code === 'E_INTERRUPTED') return EXIT.interrupted;
  if (error.code === 'E_PLAN_CHANGED') return EXIT.refused;
  if (error.code === 'E_DECLINED') return EXIT.stopped;
  if (error.code === 'E_CONFLICT') return EXIT.refused;
  return INPUT_CODES.includes(error.code) ? EXIT.usage : EXIT.internal;
}
