import cliProgress from 'cli-progress';
import { OUTCOMES } from '../fleet/outcome.js';
import { paintOutcome } from '../report/paint.js';
import type { CliOptions } from './options.js';
import type { RunTracker } from './run-tracker.js';
import { paintFor, type Terminal } from './terminal.js';

export interface Progress {
  update(): void;
  /** takes the bar off the terminal; safe to call twice */
  stop(): void;
}

const SILENT: Progress = { update: () => undefined, stop: () => undefined };

/** Log lines and a bar would overwrite each other, so these levels go without. */
const BUSY_LEVELS: readonly string[] = ['info', 'debug', 'trace'];

/** One bar on stderr with the counts by outcome: on a terminal only, never in a pipe or beside a stream of log lines. */
export function startProgress(
  tracker: RunTracker,
  terminal: Terminal,
  options: Pick<CliOptions, 'logLevel'>,
): Progress {
  if (terminal.stderr.isTTY !== true || BUSY_LEVELS.includes(options.logLevel)) return SILENT;
  const paint = paintFor(terminal.stderr);
  const bar = new cliProgress.SingleBar(
    {
      format: '{bar} {value}/{total} hosts  {counts}',
      stream: terminal.stderr,
      clearOnComplete: true,
      hideCursor: true,
      // an interrupt is handled by the run, which takes the bar away itself
      gracefulExit: false,
      barsize: 24,
      emptyOnZero: true,
    },
    cliProgress.Presets.rect,
  );
  let started = false;
  const counts = () => {
    const parts = OUTCOMES.flatMap((outcome) => {
      const count = tracker.counts.get(outcome) ?? 0;
      return count === 0 ? [] : [paintOutcome(paint, outcome, `${count} ${outcome}`)];
    });
    const working = tracker.running.length;
    return [...parts, ...(working === 0 ? [] : [paint('dim', `${working} at work`)])].join(', ');
  };
  return {
    update() {
      if (!started) bar.start(tracker.total, tracker.ended, { counts: counts() });
      started = true;
      bar.update(tracker.ended, { counts: counts() });
    },
    stop() {
      if (started) bar.stop();
      started = false;
    },
  };
}
