import type { VolumeResult } from '../../connectors/connector.js';
import { LongshoreError } from '../../errors/longshore-error.js';
import { asLongshoreError } from '../../fleet/outcome.js';
import { attachPlan, type Look, lookAt } from '../look-at.js';
import { sideText } from '../side.js';
import { initiatorOf, requireTwoInitiators } from './initiators.js';
import { decide } from './machine.js';
import type { MoveOptions, MoveReport } from './migrate.js';
import { requireNowhereElse } from './preflight.js';
import { MoveBook } from './move-book.js';

/**
 * What a move would do, from one look at both hosts: the steps of either side, and the gates between them in the story. Changes nothing
 * and writes nothing; a move that would be refused now ends `refused`, with the same reason.
 */
export async function planMove(options: MoveOptions): Promise<MoveReport> {
  const { volume, wwid, from, to, arrayStep } = options;
  const texts = { volume, from: from.name, to: to.name };
  const base = { volume, wwid, from: from.name, to: to.name };
  const book = new MoveBook(options.ledger, { ...texts, wwid, id: options.runId });
  try {
    await book.open();
    if (!(from.reached instanceof LongshoreError) && !(to.reached instanceof LongshoreError)) {
      requireTwoInitiators(await Promise.all([initiatorOf(from.reached), initiatorOf(to.reached)]), texts);
    }
    const [source, destination] = await Promise.all([look(options, 'from'), look(options, 'to')]);
    const memory = { failures: new Map(), looked: false, hasArrayStep: arrayStep !== null };
    const step = decide(source.side, destination.side, book.record(), memory, texts);
    const results = {
      ...(source.detach === undefined ? {} : { from: source.detach }),
      ...(destination.attach === undefined ? {} : { to: destination.attach }),
    };
    if (step.kind === 'end') {
      const error = step.error === undefined ? {} : { error: step.error };
      return { ...base, ending: step.ending, ...error, story: [], owner: book.owner(), results };
    }
    const unknown = await requireNowhereElse(options, 'to');
    const problem = results.to === undefined ? null : problemAt(results.to);
    if (problem !== null)
      return { ...base, ending: 'refused', error: problem, story: [], owner: book.owner(), results };
    const story = [
      `${from.name} ${sideText(source.side)}; ${to.name} ${sideText(destination.side)}`,
      `detach it at ${from.name}, and prove there that nothing of it is left: then it is ready for unmap at the array`,
      ...(arrayStep === null ? [] : [`the array step: ${arrayStep.what}`]),
      `look at ${from.name} once more, and only if nothing of it is back, attach it at ${to.name} and prove its identity`,
      ...unknown,
      `write down ${to.name} as its owner, under number ${book.nextNumber()}`,
      `look at ${from.name} for what may be left of it`,
      `if ${to.name} cannot attach it: take back what was done there, prove that, and attach it at ${from.name} again`,
    ];
    return { ...base, ending: 'planned', story, owner: book.owner(), results };
  } catch (thrown) {
    return { ...base, ending: 'refused', error: asLongshoreError(thrown), story: [], owner: null, results: {} };
  }
}

/** A destination that has nothing of the volume is asked what an attach would take: what is wrong with it shows now. */
async function look({ from, to, connectorFor }: MoveOptions, name: 'from' | 'to'): Promise<Look> {
  const { reached, volume } = name === 'from' ? from : to;
  if (reached instanceof LongshoreError) return { side: { kind: 'silent', error: reached } };
  const seen = await lookAt(reached, volume, connectorFor);
  if (name === 'from' || seen.side.kind !== 'absent') return seen;
  return { ...seen, attach: await attachPlan(reached, volume, connectorFor) };
}

function problemAt({ error }: VolumeResult): LongshoreError | null {
  return error === undefined ? null : asLongshoreError(error);
}
