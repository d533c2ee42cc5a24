import { LongshoreError } from '../../errors/longshore-error.js';

const MAX_SHOWN = 120;

/** A replay went another way than the recording. The message is one line; `diff` is for reading on. */
export class ReplayError extends LongshoreError {
  /** what was recorded and what is asked now, line by line: `- ` recorded only, `+ ` asked only, `  ` both */
  readonly diff: readonly string[];

  constructor(host: string, what: string, diff: readonly string[] = []) {
    super('E_REPLAY', `the run ${what}${firstOf(diff)}`, {
      host,
      remedy: 'Replay with the command, options, volumes and release of Longshore that were recorded.',
    });
    this.name = 'ReplayError';
    this.diff = diff;
  }
}

function firstOf(diff: readonly string[]): string {
  const first = (mark: string): string | undefined =>
    diff
      .find((line) => line.startsWith(mark))
      ?.slice(2)
      .trim();
  const parts = [
    ['recorded', first('- ')],
    ['asked', first('+ ')],
  ].flatMap(([label, line]) => (line === undefined ? [] : [`${label} "${line.slice(0, MAX_SHOWN)}"`]));
  return parts.length === 0 ? '' : `: ${parts.join(', ')}`;
}
