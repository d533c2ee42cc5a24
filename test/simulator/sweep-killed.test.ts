import { expect, it } from 'vitest';
import { LongshoreError } from '../../src/errors/longshore-error.js';
import type { FleetAudit } from '../../src/sweep/audit-fleet.js';
import type { Executor } from '../../src/transport/executor.js';
import { onlyLooks } from '../../src/transport/read-only-executor.js';
import { meddled } from './meddle.js';
import { plantLeftovers, plantLookAlikes } from './sweep-leftovers.js';
import { candidatesOf, planOf, sweepSite } from './sweep-site.js';

/** Changes that a sweep of all planted leftovers makes at least. */
const LEAST_CHANGES = 13;

/** A controller that is gone at its nth change, from 1: before that was begun, or when it was done and nobody has heard of it. */
function killedAt(nth: number, moment: 'before' | 'after') {
  let changes = 0;
  const die = (): never => {
    throw new LongshoreError('E_OUTCOME_UNKNOWN', 'the connection was lost');
  };
  const wrap: (executor: Executor) => Executor = meddled((request) => {
    if (changes === nth) die();
    if (onlyLooks(request) || request.kind === 'lock') return undefined;
    changes += 1;
    return changes === nth && moment === 'before' ? die() : undefined;
  });
  return { wrap, hasStruck: () => changes === nth };
}

/** Everything on the host that is no candidate: of others, owned or unknown. */
function othersOf({ hosts }: FleetAudit, planted: readonly string[]): readonly string[] {
  const objects = [...hosts.values()].flatMap((host) => host.objects);
  return objects.filter(({ key }) => !planted.includes(key)).map(({ class: verdict, key }) => `${verdict} ${key}`);
}

/** One sweep that dies, and sweeps of others after it. false: it had ended before. */
async function killed(nth: number, moment: 'before' | 'after'): Promise<boolean> {
  let wrap = (executor: Executor): Executor => executor;
  const site = sweepSite({}, (executor) => wrap(executor));
  const planted = await plantLeftovers(site);
  await plantLookAlikes(site);
  const before = await site.audit();
  const killing = killedAt(nth, moment);
  wrap = killing.wrap;
  const died = await site.apply(before, planOf(before).objects);
  wrap = (executor) => executor;
  const after = await site.audit();
  const left = candidatesOf(after);
  // what it says to have removed is gone, and what it does not know it does not claim
  const claimed = died.results.filter(({ state }) => state === 'removed' || state === 'gone');
  expect([nth, moment, claimed.filter(({ object }) => left.includes(object.key))]).toEqual([nth, moment, []]);
  if (killing.hasStruck()) expect([nth, moment, died.error?.message]).toEqual([nth, moment, 'the connection was lost']);

  let now = after;
  for (let rounds = 0; rounds < 2 && candidatesOf(now).length > 0; rounds += 1) {
    const { results, error } = await site.apply(now, planOf(now).objects);
    expect([nth, moment, error, ...results.filter(({ state }) => state !== 'removed')]).toEqual([
      nth,
      moment,
      undefined,
    ]);
    now = await site.audit();
  }
  expect([nth, moment, candidatesOf(now)]).toEqual([nth, moment, []]);
  // the session and its record, which go one after the other, are gone too; nothing of others is
  const others = (audit: FleetAudit): readonly string[] =>
    othersOf(audit, planted).filter((line) => !line.endsWith('sim:other/10.1.0.1,3260'));
  expect([nth, moment, others(now)]).toEqual([nth, moment, others(before)]);
  expect(site.host().blocks.lostData).toEqual([]);
  return killing.hasStruck();
}

it('a sweep whose controller dies at any of its changes: the next one removes the rest, and nothing else', async () => {
  let tried = 0;
  for (const moment of ['before', 'after'] as const) {
    for (let from = 1, isOver = false; !isOver; from += 8) {
      const struck = await Promise.all(Array.from({ length: 8 }, (_, index) => killed(from + index, moment)));
      tried += struck.filter(Boolean).length;
      isOver = struck.includes(false);
    }
  }
  expect(tried).toBeGreaterThanOrEqual(2 * LEAST_CHANGES);
});
