import cliProgress from 'cli-progress';
import { OUTCOMES } from '../fleet/outcome.js';
import { oneLine } from '../report/one-line.js';
import { paintOutcome } from '../report/paint.js';
import { formatMs } from '../report/units.js';
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

/** A host that has been at work for less is not called slow. */
const SLOW_MS = 3_000;
const SLOWEST = 3;
const TICK_MS = 1_000;
/** Before so many hosts have ended, nobody knows how long the rest will take. */
const ENOUGH_ENDED = 3;

/**
 * One bar on stderr with the counts by outcome, the time left and the slowest hosts: on a terminal only, never in a pipe or beside a stream of log
 * lines.
 */
export function startProgress(
  tracker: RunTracker,
  terminal: Terminal,
  options: Pick<CliOptions, 'logLevel'>,
): Progress {
  if (terminal.stderr.isTTY !== true || BUSY_LEVELS.includes(options.logLevel)) return SILENT;
  const paint = paintFor(terminal.stderr);
  const bar = new cliProgress.SingleBar(
    {
      format: '{bar} {value}/{total} hosts  {counts}{left}{slowest}',
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
  const began = performance.now();
  const left = () => {
    const { ended, total } = tracker;
    if (ended < ENOUGH_ENDED || ended === total) return '';
    return `  ${paint('dim', `about ${formatMs(((performance.now() - began) / ended) * (total - ended))} left`)}`;
  };
  const slowest = () => {
    const slow = tracker.slowest(SLOWEST).filter(({ ms }) => ms >= SLOW_MS);
    const names = slow.map(({ host, ms }) => `${oneLine(host)} ${formatMs(ms)}`);
    return names.length === 0 ? '' : `  ${paint('dim', `slowest: ${names.join(', ')}`)}`;
  };
  const payload = () => ({ counts: counts(), left: left(), slowest: slowest() });
  let ticking: NodeJS.Timeout | undefined;
  const draw = () => bar.update(tracker.ended, payload());
  return {
    update() {
      if (!started) bar.start(tracker.total, tracker.ended, payload());
      started = true;
      // while nothing happens, the slowest hosts are the news
      ticking ??= setInterval(draw, TICK_MS).unref();
      draw();
    },
    stop() {
      clearInterval(ticking);
      ticking = undefined;
      if (started) bar.stop();
      started = false;
    },
  };
}
