import { LongshoreError } from '../../errors/longshore-error.js';
import { type Side, sideText } from '../side.js';
import type { MoveMemory, MoveRecord, MoveStep, MoveTexts } from './move-step.js';

/**
 * The next step of a move, from what both hosts show now and what the ledger says of it (pure). The same function begins a move, goes on with
 * one after a crash, and rolls one back: nothing but these three things decides.
 *
 * It attaches at a host only while the other one proves that it has nothing of the volume, whatever went wrong before. What it cannot judge
 * it leaves as it is, with a sentence that says what to do.
 */
export function decide(from: Side, to: Side, record: MoveRecord, memory: MoveMemory, texts: MoveTexts): MoveStep {
  const arrived = to.kind === 'whole' && record.phases.has('arriving') && !record.phases.has('turned-back');
  // what is at its destination is on record there, whether or not the source can still be asked
  if (arrived && (from.kind === 'absent' || from.kind === 'silent')) return finish(from, record, memory, texts);
  const doubt = doubtOf(from, to, record, texts);
  if (doubt !== null) return doubt;
  if (from.kind !== 'absent' && to.kind !== 'absent') return onBoth(from, to, record, texts);
  if (!record.phases.has('begun')) return begin(from, to, record, texts);
  return record.phases.has('turned-back')
    ? wayBack(from, to, record, memory, texts)
    : wayThere(from, to, record, memory);
}

function begin(from: Side, to: Side, record: MoveRecord, texts: MoveTexts): MoveStep {
  if (from.kind === 'absent' && to.kind === 'whole') {
    if (record.owner === 'to') return { kind: 'end', ending: 'nothing-to-do' };
    return { kind: 'own', side: 'to' };
  }
  if (from.kind === 'absent') {
    const remedy = `attach it where it is wanted: longshore attach --limit ${texts.to} --volume ${texts.volume}`;
    const there = to.kind === 'absent' ? '' : `, and ${texts.to} ${sideText(to)}`;
    return refused(`${texts.from} has nothing of ${texts.volume}${there}: there is nothing to move`, remedy);
  }
  const users = from.kind === 'whole' || from.kind === 'partial' ? from.users : null;
  if (users !== null) {
    const message = `${texts.volume} is in use on ${texts.from}: ${users}`;
    return end('refused', new LongshoreError('E_DEVICE_BUSY', message, { host: texts.from, remedy: STOP_USERS }));
  }
  return { kind: 'note', phase: 'begun' };
}

function wayThere(from: Side, to: Side, record: MoveRecord, memory: MoveMemory): MoveStep {
  if (from.kind !== 'absent') {
    const failure = memory.failures.get('detach from');
    if (failure === undefined) return { kind: 'detach', side: 'from' };
    // it still has the volume, and nobody else was given anything: there is no move any more
    const isWhole = from.kind === 'whole' && !record.phases.has('handing-over');
    if (isWhole && !record.phases.has('closed')) return { kind: 'note', phase: 'closed', why: failure.message };
    return end('stopped', failure);
  }
  if (!record.phases.has('released')) return { kind: 'note', phase: 'released' };
  if (memory.hasArrayStep && !record.phases.has('handed-over') && to.kind === 'absent') {
    const failure = memory.failures.get('hand-over');
    return failure === undefined ? { kind: 'hand-over' } : turnBack(failure);
  }
  const failure = memory.failures.get('attach to');
  return failure === undefined ? { kind: 'attach', side: 'to' } : turnBack(failure);
}

function wayBack(from: Side, to: Side, record: MoveRecord, memory: MoveMemory, texts: MoveTexts): MoveStep {
  if (to.kind !== 'absent') {
    const failure = memory.failures.get('detach to');
    if (failure === undefined) return { kind: 'detach', side: 'to' };
    return end(
      'stopped',
      stoppedBy(failure, `${texts.from} is not given ${texts.volume} again before ${texts.to} is clean`),
    );
  }
  if (from.kind === 'whole') {
    if (!record.returned) return { kind: 'own', side: 'from' };
    if (!record.phases.has('closed')) return { kind: 'note', phase: 'closed' };
    return end('returned', returnedError(record, memory, texts));
  }
  const mayBeHandedOver = record.phases.has('handing-over') && !record.phases.has('given-back');
  if (memory.hasArrayStep && mayBeHandedOver) {
    const failure = memory.failures.get('give-back');
    if (failure === undefined) return { kind: 'give-back' };
    return end(
      'stopped',
      stoppedBy(failure, `the array's step could not be undone, so ${texts.from} was not tried again`),
    );
  }
  const failure = memory.failures.get('attach from');
  if (failure === undefined) return { kind: 'attach', side: 'from' };
  const message = `neither ${texts.from} nor ${texts.to} has ${texts.volume}, which belongs to ${texts.from} on record`;
  return end('stopped', stoppedBy(failure, message));
}

/** The volume is at its destination: write down who owns it, look at the source once more, and close. */
function finish(from: Side, record: MoveRecord, memory: MoveMemory, texts: MoveTexts): MoveStep {
  if (record.owner !== 'to') return { kind: 'own', side: 'to' };
  if (from.kind === 'absent' && !memory.looked) return { kind: 'look-after' };
  if (!record.phases.has('closed')) return { kind: 'note', phase: 'closed' };
  if (from.kind === 'absent') return { kind: 'end', ending: 'moved' };
  const warning = `${texts.from} does not answer any more and was not looked at once more`;
  return { kind: 'end', ending: 'moved', warning };
}

/** What must not be decided on: a host that is silent or cannot be judged. Null when both can. */
function doubtOf(from: Side, to: Side, record: MoveRecord, texts: MoveTexts): MoveStep | null {
  const isBegun = record.phases.has('begun');
  if (from.kind === 'silent' && !isBegun) {
    const remedy = `a host that does not answer is evacuated, with fencing evidence: longshore evacuate --from ${texts.from} --to ${texts.to}`;
    return refused(`${texts.from} ${sideText(from)}; nothing was changed`, remedy);
  }
  if (from.kind === 'silent' || (to.kind === 'silent' && isBegun)) {
    const [name, side] = from.kind === 'silent' ? [texts.from, from] : [texts.to, to];
    const message = `${name} ${sideText(side)}; the move is frozen, and no host is given ${texts.volume}`;
    return end(
      'frozen',
      new LongshoreError('E_MOVE_FROZEN', message, { host: name, remedy: frozenRemedy(name, texts) }),
    );
  }
  if (to.kind === 'silent') return refused(`${texts.to} ${sideText(to)}; nothing was changed`, WAIT_FOR_IT);
  const blocked = [from, to].find((side) => side.kind === 'blocked');
  if (blocked === undefined) return null;
  return end(isBegun ? 'stopped' : 'refused', blocked.error);
}

function frozenRemedy(silent: string, texts: MoveTexts): string {
  const again = `run the same command again when ${silent} answers: it goes on, or back, from what both hosts show`;
  const other = silent === texts.from ? texts.to : texts.from;
  return `${again}; if ${silent} will not come back, fence it and run: longshore evacuate --from ${silent} --to ${other} --volume ${texts.volume}`;
}

function onBoth(from: Side, to: Side, record: MoveRecord, texts: MoveTexts): MoveStep {
  const message = `both hosts have something of ${texts.volume}: ${texts.from} ${sideText(from)}; ${texts.to} ${sideText(to)}`;
  const remedy = `detach it on the host that must not have it (longshore detach --limit HOST --volume ${texts.volume}), then run this again`;
  const error = new LongshoreError('E_TWO_HOSTS', message, { remedy });
  return end(record.phases.has('begun') ? 'stopped' : 'refused', error);
}

function returnedError(record: MoveRecord, memory: MoveMemory, texts: MoveTexts): LongshoreError {
  const why = memory.failures.get('attach to')?.message ?? memory.failures.get('hand-over')?.message ?? record.why;
  const message = `${texts.volume} could not be moved to ${texts.to}, and is at ${texts.from} again: ${why ?? 'see the ledger'}`;
  return new LongshoreError('E_MOVE_RETURNED', message, {
    host: texts.to,
    remedy: `mend what is wrong at ${texts.to}, then run this again; ${texts.to} has nothing of the volume`,
  });
}

function turnBack(failure: LongshoreError): MoveStep {
  return { kind: 'note', phase: 'turned-back', why: failure.message };
}

function stoppedBy(failure: LongshoreError, what: string): LongshoreError {
  return new LongshoreError(failure.code, `${what}: ${failure.message}`, {
    ...failure.details,
    remedy: `${failure.details.remedy ?? 'mend that'}; then run the same command again: it goes on from what both hosts show`,
  });
}

const STOP_USERS = 'stop its users and unmount it on the host, then run this again; nothing was changed';
const WAIT_FOR_IT = 'bring the destination back, or name another one';

function refused(message: string, remedy: string): MoveStep {
  return end('refused', new LongshoreError('E_MOVE_REFUSED', message, { remedy }));
}

function end(ending: 'refused' | 'frozen' | 'stopped' | 'returned', error: LongshoreError): MoveStep {
  return { kind: 'end', ending, error };
}
