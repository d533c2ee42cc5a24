import { foldNames } from '../inventory/patterns/fold-names.js';
import type { RunbookResult, StepResult } from '../runbook/run-result.js';
import type { WorkResult } from '../runbook/steps/step-kind.js';
import { gather } from './gather.js';
import { oneLine } from './one-line.js';
import { paintOutcome, type Paint } from './paint.js';
import { plural } from './units.js';

/** What a run of a playbook did, step by step; hosts with the same result share a line. */
export function runbookText(result: RunbookResult, paint: Paint): string {
  return result.plays
    .map((play) => {
      const batches = play.batches.map((batch, index) => {
        const many = play.batches.length > 1;
        const head = many ? `  batch ${index + 1}  ${plural(batch.hosts.length, 'host')}\n` : '';
        return head + batch.steps.map((step) => stepText(step, paint)).join('');
      });
      return `${paint('bold', oneLine(play.name))}\n${batches.join('')}`;
    })
    .join('\n');
}

function stepText({ title, works }: StepResult, paint: Paint): string {
  const groups = gather(
    works.map((work) => [work.host, work] as const),
    ({ subject, outcome, message, error }) => JSON.stringify([subject, outcome, error?.code ?? message]),
  );
  return groups.map(({ names, value }) => lineOf(title, names, value, paint)).join('');
}

function lineOf(title: string, names: readonly string[], work: WorkResult, paint: Paint): string {
  const { outcome, subject, message, error } = work;
  const hosts = work.host === '' ? '' : `  ${oneLine(foldNames(names))}`;
  const what = error === undefined ? oneLine(message) : error.code;
  return `    ${oneLine(title)}${hosts}${subject === '' ? '' : `  ${oneLine(subject)}`}  ${paintOutcome(paint, outcome)}  ${what}\n`;
}

/** Why the run ended early, and which hosts have steps left. */
export function unfinishedText({ stopped, unfinished }: RunbookResult, paint: Paint): string {
  const lines: string[] = [];
  if (stopped !== undefined) lines.push(`${paint('yellow', 'stopped')}  ${oneLine(stopped.message)}\n`);
  if (unfinished.length > 0)
    lines.push(`${paint('yellow', 'unfinished')}  ${oneLine(foldNames(unfinished))}: steps are left\n`);
  return lines.join('');
}
