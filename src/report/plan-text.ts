import { foldNames } from '../inventory/patterns/fold-names.js';
import type { RunbookPlan, StoredWork } from '../runbook/plan.js';
import { gather } from './gather.js';
import { oneLine } from './one-line.js';
import { paintOutcome, type Paint } from './paint.js';
import { plural } from './units.js';

/** A playbook's plan for people: for each step, hosts for which the same would be done share their lines. */
export function runbookPlanText(plan: RunbookPlan, paint: Paint): string {
  return plan.plays
    .map((play, index) => {
      const hosts = play.batches.reduce((sum, size) => sum + size, 0);
      const batches = play.batches.length > 1 ? ` in batches of ${play.batches.join(', ')}` : '';
      const title = `${paint('bold', `play ${index + 1}`)}  ${oneLine(play.name)}  ${plural(hosts, 'host')}${batches}\n`;
      const unseen = gather(
        play.unseen.map((one) => [one.host, one] as const),
        ({ outcome, code }) => `${outcome} ${code}`,
      ).map(({ names, value }) => {
        const label = paintOutcome(paint, value.outcome);
        return `  ${label}  ${oneLine(foldNames(names))}: ${value.code} ${oneLine(value.message)}\n`;
      });
      const steps = play.steps.map((step, at) => {
        const groups = gather(
          step.works.map((work) => [work.host, work] as const),
          (work) => JSON.stringify(alike(work)),
        );
        const head = `  ${at + 1}. ${paint('bold', oneLine(step.title))}\n`;
        return head + groups.map(({ names, value }) => groupText(names, value, paint)).join('');
      });
      return title + unseen.join('') + steps.join('');
    })
    .join('\n');
}

/** What makes the work of two hosts the same to a reader: all but which volume of their own it is. */
function alike({ host: _host, identity, observed, steps, why, ...work }: StoredWork): unknown {
  const text = (line: string): string => withoutIdentity(line, identity);
  return [
    work.subject,
    work.outcome,
    work.follows,
    work.error?.code,
    text(why),
    observed.map(text),
    steps.map(({ what, command }) => [text(what), command === undefined ? '' : text(command)]),
  ];
}

function withoutIdentity(line: string, identity: readonly string[]): string {
  return identity.reduce(
    (rest, wwid) => rest.replaceAll(wwid, '(its WWID)').replaceAll(wwid.slice(1), '(its WWID)'),
    line,
  );
}

function groupText(names: readonly string[], work: StoredWork, paint: Paint): string {
  const own = (line: string): string => (names.length > 1 ? withoutIdentity(line, work.identity) : line);
  const hosts = work.host === '' ? 'once for each batch' : oneLine(foldNames(names));
  const subject = work.subject === '' ? '' : `  ${oneLine(work.subject)}`;
  const label = labelOf(work, paint);
  const lines = [`     ${hosts}${subject}  ${label}  ${oneLine(own(work.why))}\n`];
  if (work.follows !== null) return lines.join('');
  for (const [index, step] of work.steps.entries()) {
    lines.push(`       ${String(index + 1).padStart(2)}) ${oneLine(own(step.what))}\n`);
    if (step.command !== undefined) lines.push(paint('dim', `           ${oneLine(own(step.command))}\n`));
  }
  return lines.join('');
}

function labelOf(work: StoredWork, paint: Paint): string {
  if (work.follows !== null) return paint('dim', `after "${oneLine(work.follows)}"; now:`);
  if (work.error !== null) return paintOutcome(paint, work.outcome, `${work.outcome} ${work.error.code}`);
  if (work.outcome === 'changed') return paintOutcome(paint, 'changed', plural(work.steps.length, 'change'));
  return paintOutcome(paint, work.outcome);
}
