import { LongshoreError } from '../../../src/errors/longshore-error.js';
import type { Side } from '../../../src/moves/side.js';

/** What is true on a host, whether or not it can be asked. */
export type Truth = 'absent' | 'partial' | 'whole';

/** What a step comes to: it may work, do nothing, or get half way; with or without the caller hearing of it. */
export interface Luck {
  readonly effect: 'done' | 'half' | 'nothing';
  /** the controller dies right behind the effect, before it could write or decide anything */
  readonly crash: boolean;
  /** a host that stops answering behind the step, or comes back */
  readonly silence: 'from' | 'to' | 'none' | 'all-back';
}

export const GOOD_LUCK: Luck = { effect: 'done', crash: false, silence: 'all-back' };

/** Two hosts and the truth about them. Attaching while the other host has it is what must never happen: the world notes it. */
export class MoveWorld {
  readonly truth: Record<'from' | 'to', Truth>;
  readonly silent = new Set<'from' | 'to'>();
  twoWriters = false;

  constructor(from: Truth, to: Truth) {
    this.truth = { from, to };
  }

  side(name: 'from' | 'to'): Side {
    if (this.silent.has(name)) return { kind: 'silent', error: new LongshoreError('E_UNREACHABLE', 'no answer') };
    const truth = this.truth[name];
    if (truth === 'absent') return { kind: 'absent' };
    if (truth === 'partial') return { kind: 'partial', what: 'session 1', users: null };
    return { kind: 'whole', deviceInfo: { type: 'block', path: '/dev/dm-0', scsi_wwn: '36001' }, users: null };
  }

  change(verb: 'attach' | 'detach', name: 'from' | 'to', effect: Luck['effect']): boolean {
    if (this.silent.has(name)) return false;
    const other = name === 'from' ? 'to' : 'from';
    if (effect !== 'nothing') this.truth[name] = effect === 'half' ? 'partial' : verb === 'attach' ? 'whole' : 'absent';
    if (verb === 'attach' && this.truth[other] !== 'absent') this.twoWriters = true;
    return effect === 'done';
  }
}
