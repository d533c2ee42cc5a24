import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { LongshoreError } from '../../../src/errors/longshore-error.js';
import { openMoveOf, ownerOf } from '../../../src/moves/ledger/ledger-view.js';
import { decide } from '../../../src/moves/migrate/machine.js';
import { MoveBook } from '../../../src/moves/migrate/move-book.js';
import type { Attempt, MoveStep } from '../../../src/moves/migrate/move-step.js';
import type { Side } from '../../../src/moves/side.js';
import { MemoryLedger } from './memory-ledger.js';
import { GOOD_LUCK, type Luck, MoveWorld, type Truth } from './move-world.js';

const TEXTS = { volume: 'data', from: 'a', to: 'b' };
const WWID = '36001';

type End = Extract<MoveStep, { kind: 'end' }>;

/** One run of a move over a world, as the driver runs it. Null when the controller died in it. */
async function run(
  world: MoveWorld,
  ledger: MemoryLedger,
  luck: () => Luck,
  hasArrayStep: boolean,
  id: string,
): Promise<End | null> {
  const book = new MoveBook(ledger.as(id), { ...TEXTS, wwid: WWID, id });
  await book.open();
  const failures = new Map<Attempt, LongshoreError>();
  let looked = false;
  for (let count = 0; count < 60; count += 1) {
    const step = decide(world.side('from'), world.side('to'), book.record(), { failures, looked, hasArrayStep }, TEXTS);
    if (step.kind === 'end') return step;
    const { effect, crash, silence } = luck();
    if (await perform(step, world, book, effect, failures)) return null;
    if (step.kind === 'look-after') looked = true;
    if (crash) return null;
    if (silence === 'all-back') world.silent.clear();
    else if (silence !== 'none') world.silent.add(silence);
    expect(world.twoWriters).toBe(false);
    await expectOneTruth(ledger, world);
  }
  throw new Error('the machine did not come to an end');
}

/** True when the controller dies between an announcement and its change. */
async function perform(
  step: Exclude<MoveStep, End>,
  world: MoveWorld,
  book: MoveBook,
  effect: Luck['effect'],
  failures: Map<Attempt, LongshoreError>,
): Promise<boolean> {
  const fail = (attempt: Attempt) => failures.set(attempt, new LongshoreError('E_COMMAND', `${attempt} failed`));
  switch (step.kind) {
    case 'note':
      await book.note(step.phase, step.why);
      break;
    case 'own':
      await book.own(step.side);
      break;
    case 'hand-over':
      await book.note('handing-over');
      if (effect === 'done') await book.note('handed-over');
      else fail('hand-over');
      break;
    case 'give-back':
      await book.note('giving-back');
      if (effect === 'done') await book.note('given-back');
      else fail('give-back');
      break;
    case 'detach':
      await book.note('detaching');
      if (!world.change('detach', step.side, effect)) fail(`detach ${step.side}`);
      break;
    case 'attach':
      await book.note(step.side === 'to' ? 'arriving' : 'returning');
      if (!world.change('attach', step.side, effect)) fail(`attach ${step.side}`);
      break;
    case 'look-after':
      break;
  }
  return false;
}

/** At every moment after it was begun, the ledger says who owns the volume; and where it is whole, it says so or has the move open. */
async function expectOneTruth(ledger: MemoryLedger, world: MoveWorld): Promise<void> {
  const entries = await ledger.entries();
  if (entries.length === 0) return;
  const owner = ownerOf(entries, WWID);
  expect(owner?.host).toBeOneOf(['a', 'b']);
  const numbers = entries.flatMap((entry) => (entry.kind === 'owner' ? [entry.number] : []));
  expect(numbers).toEqual([...new Set(numbers)].sort((one, two) => one - two));
  const isOpen = openMoveOf(entries, WWID) !== null;
  if (world.truth.to === 'whole') expect(owner?.host === 'b' || isOpen).toBe(true);
  if (world.truth.from === 'whole') expect(owner?.host === 'a' || isOpen).toBe(true);
}

const luck = fc.record<Luck>({
  effect: fc.constantFrom('done', 'done', 'half', 'nothing'),
  crash: fc.boolean(),
  silence: fc.constantFrom('none', 'none', 'none', 'from', 'to', 'all-back'),
});
const truth = fc.constantFrom<Truth>('absent', 'partial', 'whole');

describe('a move', () => {
  it('never has two hosts attached, never loses the owner, and always ends or explains itself, whatever fails', async () => {
    const property = fc.asyncProperty(
      truth,
      truth,
      fc.boolean(),
      fc.array(luck, { maxLength: 30 }),
      async (from, to, hasArrayStep, bad) => {
        const world = new MoveWorld(from, to);
        const ledger = new MemoryLedger();
        const left = [...bad];
        for (let runs = 0; left.length > 0 && runs < 40; runs += 1) {
          const end = await run(world, ledger, () => left.shift() ?? GOOD_LUCK, hasArrayStep, `run ${runs}`);
          if (end !== null && end.ending !== 'moved' && end.ending !== 'nothing-to-do') {
            expect(end.error?.message).not.toBe('');
            expect(end.error).toBeInstanceOf(LongshoreError);
          }
        }
        // once nothing fails any more, it comes to rest, with the volume on one host or where it was before
        world.silent.clear();
        const end = await run(world, ledger, () => GOOD_LUCK, hasArrayStep, 'last run');
        expect(end).not.toBeNull();
        expect(world.twoWriters).toBe(false);
        const entries = await ledger.entries();
        if (from !== 'absent' && to === 'absent') {
          expect(end?.ending).toBeOneOf(['moved', 'returned', 'nothing-to-do']);
        }
        if (end?.ending === 'moved') {
          expect(world.truth).toEqual({ from: 'absent', to: 'whole' });
          expect(ownerOf(entries, WWID)?.host).toBe('b');
          expect(openMoveOf(entries, WWID)).toBeNull();
        }
        if (end?.ending === 'returned') {
          expect(world.truth).toEqual({ from: 'whole', to: 'absent' });
          expect(ownerOf(entries, WWID)?.host).toBe('a');
          expect(openMoveOf(entries, WWID)).toBeNull();
        }
      },
    );
    await fc.assert(property, { numRuns: 1000 });
  });

  it('begun on a good day ends at the destination with a higher number, after a crash at any step as well', async () => {
    for (const hasArrayStep of [true, false]) {
      for (let at = 0; at < 14; at += 1) {
        for (const effect of ['done', 'half', 'nothing'] as const) {
          const world = new MoveWorld('whole', 'absent');
          const ledger = new MemoryLedger();
          let count = 0;
          const first = await run(
            world,
            ledger,
            () => (count++ === at ? { effect, crash: true, silence: 'none' } : GOOD_LUCK),
            hasArrayStep,
            'first',
          );
          const end = first ?? (await run(world, ledger, () => GOOD_LUCK, hasArrayStep, 'second'));
          expect(end?.ending, `crash at ${at} (${effect})`).toBeOneOf(['moved', 'nothing-to-do']);
          expect(world.truth).toEqual({ from: 'absent', to: 'whole' });
          const entries = await ledger.entries();
          expect(ownerOf(entries, WWID)).toMatchObject({ host: 'b', number: 2, how: 'migrate' });
          expect(openMoveOf(entries, WWID)).toBeNull();
        }
      }
    }
  });

  it('turns back when the destination fails, undoes the array step, and says why', async () => {
    const world = new MoveWorld('whole', 'absent');
    const ledger = new MemoryLedger();
    const done: string[] = [];
    const book = new MoveBook(ledger.as('r'), { ...TEXTS, wwid: WWID, id: 'r' });
    await book.open();
    const failures = new Map<Attempt, LongshoreError>();
    for (;;) {
      const memory = { failures, looked: true, hasArrayStep: true };
      const step = decide(world.side('from'), world.side('to'), book.record(), memory, TEXTS);
      if (step.kind === 'end') {
        expect(step).toMatchObject({ ending: 'returned', error: { code: 'E_MOVE_RETURNED' } });
        expect(step.error?.message).toContain('attach to failed');
        break;
      }
      done.push('side' in step ? `${step.kind} ${step.side}` : step.kind === 'note' ? step.phase : step.kind);
      const effect = step.kind === 'attach' && step.side === 'to' ? 'half' : 'done';
      await perform(step, world, book, effect, failures);
    }
    expect(done).toEqual([
      ...['begun', 'detach from', 'released', 'hand-over', 'attach to', 'turned-back'],
      ...['detach to', 'give-back', 'attach from', 'own from', 'closed'],
    ]);
    expect(ownerOf(await ledger.entries(), WWID)).toMatchObject({ host: 'a', number: 3, how: 'returned' });
  });
});

const absent: Side = { kind: 'absent' };
const whole: Side = new MoveWorld('whole', 'absent').side('from');
const silent: Side = { kind: 'silent', error: new LongshoreError('E_UNREACHABLE', 'no route') };
const nothing = { phases: new Set<never>(), owner: null, returned: false };
const fresh = { failures: new Map<Attempt, LongshoreError>(), looked: false, hasArrayStep: false };

describe('a move that was not begun', () => {
  it.each([
    ['a source that does not answer', silent, absent, 'E_MOVE_REFUSED', 'longshore evacuate --from a --to b'],
    ['a destination that does not answer', whole, silent, 'E_MOVE_REFUSED', 'bring the destination back'],
    ['a volume that is on both', whole, whole, 'E_TWO_HOSTS', 'longshore detach --limit HOST'],
    ['a volume that is on neither', absent, absent, 'E_MOVE_REFUSED', 'longshore attach --limit b'],
    [
      'a volume in use',
      { ...whole, users: 'in use: dm-0 mounted on /data' } as Side,
      absent,
      'E_DEVICE_BUSY',
      'stop its users',
    ],
  ])('is refused for %s, with what to do', (_, from, to, code, remedy) => {
    const step = decide(from, to, nothing, fresh, TEXTS);
    expect(step).toMatchObject({ kind: 'end', ending: 'refused', error: { code } });
    if (step.kind === 'end') expect(step.error?.details.remedy).toContain(remedy);
  });
});

describe('a move midway', () => {
  const begun = {
    phases: new Set(['begun', 'detaching', 'released', 'arriving'] as const),
    owner: 'from',
    returned: false,
  } as const;

  it('is frozen when the source stops answering, and points to an evacuation', () => {
    const step = decide(silent, absent, begun, fresh, TEXTS);
    expect(step).toMatchObject({ kind: 'end', ending: 'frozen', error: { code: 'E_MOVE_FROZEN' } });
    if (step.kind === 'end') expect(step.error?.details.remedy).toContain('evacuate --from a --to b --volume data');
  });

  it('is frozen when the destination stops answering: the source does not get the volume back on a guess', () => {
    const step = decide(absent, silent, begun, fresh, TEXTS);
    expect(step).toMatchObject({ kind: 'end', ending: 'frozen' });
  });

  it('that has arrived is written down although the source does not answer any more', () => {
    expect(decide(silent, whole, begun, fresh, TEXTS)).toEqual({ kind: 'own', side: 'to' });
  });
});
