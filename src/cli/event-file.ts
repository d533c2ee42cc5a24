import { closeSync, openSync, writeSync } from 'node:fs';
import { LongshoreError } from '../errors/longshore-error.js';
import type { FleetEvent } from '../fleet/fleet-event.js';
import { eventLine } from '../report/event-line.js';
import { usageError } from './parse-options.js';

/** Where the events of a run are written as they happen. */
export interface EventFile {
  write(event: FleetEvent): void;
  close(): void;
}

/**
 * Opens the file before any host is connected to. A line that cannot be written later ends the run's writing, not its work; `onError` hears of it
 * once. `goesOn`: what the same command has written before stays. Throws `E_USAGE`.
 */
export function openEventFile(
  filePath: string,
  run: string,
  goesOn: boolean,
  onError: (error: LongshoreError) => void,
): EventFile {
  let file: number | null;
  try {
    file = openSync(filePath, goesOn ? 'a' : 'w', 0o600);
  } catch (error) {
    throw usageError(`--events: ${filePath} cannot be written (${codeOf(error)})`);
  }
  const close = () => {
    if (file !== null) closeSync(file);
    file = null;
  };
  return {
    write(event) {
      if (file === null) return;
      try {
        writeSync(file, eventLine(event, run, new Date()));
      } catch (error) {
        close();
        onError(new LongshoreError('E_OUTPUT', `--events: ${filePath} ends early (${codeOf(error)})`));
      }
    },
    close,
  };
}

function codeOf(error: unknown): string {
  return error instanceof Error && 'code' in error ? String(error.code) : String(error);
}
