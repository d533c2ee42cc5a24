import { foldNames } from '../inventory/patterns/fold-names.js';
import { exampleNote } from './audit-text.js';
import { gather } from './gather.js';
import { oneLine } from './one-line.js';
import type { Paint, Style } from './paint.js';
import { removalCommand, shownObjects, type ShownObject, type ShownState, type SweepReport } from './sweep-document.js';
import { formatMs, plural } from './units.js';

const STYLES: Readonly<Record<ShownState, Style>> = {
  ready: 'cyan',
  waiting: 'dim',
  'over-limit': 'dim',
  quarantined: 'red',
  removed: 'green',
  gone: 'green',
  changed: 'magenta',
  failed: 'red',
  unknown: 'red',
  'not-run': 'yellow',
};

/** Each object with what is to become of it, or has; why; and the change. Hosts with alike ones share it. */
export function sweepText(report: SweepReport, paint: Paint): string {
  const groups = gather(
    shownObjects(report).map((shown) => [shown.object.host, shown] as const),
    alike,
  );
  return groups.map(({ names, value }) => objectText(names, value, paint)).join('');
}

function alike({ object, state, error }: ShownObject): string {
  const texts = [object.key, ...object.reasons, error?.message ?? ''];
  return JSON.stringify([state, ...texts.map((text) => text.replace(/[\da-f]*\d[\da-f]*/g, '#'))]);
}

function objectText(names: readonly string[], { object, state, error }: ShownObject, paint: Paint): string {
  const { what, command } = removalCommand(object);
  const wait = state === 'waiting' ? `, until ${new Date(object.readyAt).toISOString()}` : '';
  const lines = [
    `${paint('bold', oneLine(foldNames(names)))}  ${oneLine(object.key)}  ${paint(STYLES[state], state + wait)}`,
    ...object.reasons.map((reason) => `    ${oneLine(reason)}`),
    ...(object.why === undefined ? [] : [`    ${paint('red', 'in quarantine:')} ${oneLine(object.why)}`]),
    ...(error === undefined
      ? [`    ${paint('dim', `${oneLine(what)}: ${oneLine(command)}`)}`]
      : [`    ${paint('red', oneLine(error.message))}`]),
  ];
  return `${lines.join('\n')}${exampleNote(names).replace('\n', '\n    ')}\n`;
}

/** What is next, and one line of numbers. */
export function sweepSummary(report: SweepReport, paint: Paint): string {
  const { plan, result, missing, swept } = report;
  const shown = shownObjects(report);
  const counts = Object.keys(STYLES).flatMap((state) => {
    const count = shown.filter((one) => one.state === state).length;
    return count === 0 ? [] : [paint(STYLES[state as ShownState], `${count} ${state}`)];
  });
  const lines = missing.map(
    (one) => `${paint('magenta', 'changed')}  ${oneLine(one)}: not as it was approved any more; left alone\n`,
  );
  if (plan.outage !== null) lines.push(`${paint('red', 'outage')}  ${plan.outage}: nothing may be removed now\n`);
  if (swept === null && plan.hash !== null) {
    const ready = shown.filter(({ state }) => state === 'ready').length;
    lines.push(
      `nothing was changed; to remove the ${plural(ready, 'ready object')}: longshore sweep ... --approve ${paint('bold', plan.hash)}\n`,
    );
  } else if (swept === null && plan.outage === null && shown.some(({ state }) => state === 'waiting')) {
    lines.push('nothing was changed; this look was kept, and what is waiting can be approved after the grace period\n');
  }
  const hosts = plural(result.hosts.size + result.notRun.length, 'host');
  return `${lines.join('')}${hosts}: ${counts.length === 0 ? 'nothing to sweep' : counts.join(', ')} · ${formatMs(result.durationMs)}\n`;
}
