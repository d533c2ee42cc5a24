import type { VolumeSpec } from '../connectors/connector.js';
import type { Override } from '../journal/override.js';
import type { CliOptions } from './options.js';
import { usageError } from './parse-options.js';

const EXAMPLE = 'Write --force --volume NAME --reason "why the data may be given up".';

/**
 * An override names one volume and gives its reason (rule S39). Of the command line alone, before anything is read; a file of volumes is looked into by
 * `forcedVolume`. Throws `E_USAGE`.
 */
export function requireForceAllowed({ force, reason, volumes }: CliOptions): void {
  if (!force) return;
  if (volumes.length !== 1 || volumes.includes('all')) {
    throw usageError('--force is for one volume, which is named: write --volume NAME, once', EXAMPLE);
  }
  if (reason === undefined) throw usageError('--force gives unwritten data up: it needs --reason "TEXT"', EXAMPLE);
}

/** The override that `--force` is, for the journal; none without it. `chosen`: for each host. Throws `E_USAGE` when they are several volumes. */
export function forcedVolume(
  { force, reason, volumes }: CliOptions,
  chosen: readonly (readonly VolumeSpec[])[],
): readonly Override[] {
  if (!force || reason === undefined) return [];
  const names = [...new Set(chosen.flat().map(({ name }) => name))];
  const [volume] = names;
  if (volume === undefined || names.length > 1) {
    throw usageError(
      `--force is for one volume, and ${volumes.join()} has ${names.length}: ${names.join(', ')}`,
      'Give a file with that one volume, or a name that the inventory declares.',
    );
  }
  return [{ what: 'force', volume, reason }];
}
