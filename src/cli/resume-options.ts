import type { RunRecord } from '../journal/run-record.js';
import type { CliOptions } from './options.js';
import { parseOptions } from './parse-options.js';

/** Recorded options that are only taken when the command line does not give its own. */
const GIVEN_FIRST = [
  'user',
  'privateKey',
  'sshConfig',
  'knownHosts',
  'connectTimeoutMs',
  'transport',
  'maxFailures',
] as const;
const EITHER = ['acceptNewHostKeys', 'become', 'askPass', 'askBecomePass'] as const;
const UNLESS_CHANGED = ['fanout', 'timeoutMs'] as const;

/**
 * The options of a resume: how the run reached its hosts, and over that what the command line says. What was recorded is checked as if it
 * had been typed. Throws `E_USAGE`.
 */
export function resumeOptions(options: CliOptions, { start, tasks }: RunRecord): CliOptions {
  const recorded = parseOptions({ ...start.options, ...tasks[0]?.start.options }, []);
  const unset = parseOptions({}, []);
  const merged: Record<string, unknown> = { ...options };
  for (const key of GIVEN_FIRST) merged[key] = options[key] ?? recorded[key];
  for (const key of EITHER) merged[key] = options[key] || recorded[key];
  for (const key of UNLESS_CHANGED) if (options[key] === unset[key]) merged[key] = recorded[key];
  // a canary is one for what is left, too
  if (options.serial.length === 0) merged['serial'] = recorded.serial;
  const inventory = options.inventory ?? start.inventory ?? undefined;
  const given = Object.fromEntries(
    Object.entries({ ...merged, inventory }).filter(([, value]) => value !== undefined),
  ) as unknown as CliOptions;
  return { ...given, force: recorded.force, ignoreErrors: recorded.ignoreErrors };
}
