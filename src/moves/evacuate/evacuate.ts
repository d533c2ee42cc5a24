import type { VolumeResult } from '../../connectors/connector.js';
import { LongshoreError } from '../../errors/longshore-error.js';
import { attachAlone } from '../../fleet/attach-alone.js';
import { AttachGate } from '../../fleet/attach-gate.js';
import type { AttachMemory } from '../../fleet/attach-memory.js';
import type { Reached } from '../../fleet/meet-hosts.js';
import { asLongshoreError } from '../../fleet/outcome.js';
import type { HostContext } from '../../fleet/run-host.js';
import type { ConnectorFactory } from '../../fleet/volume-task.js';
import type { Evidence } from '../evidence/evidence-schema.js';
import { type EvidenceSource, requireFresh } from '../evidence/evidence-source.js';
import { changeVolume } from '../change-volume.js';
import { elsewhereError, lookElsewhere, type OtherHost } from '../elsewhere.js';
import type { Ledger } from '../ledger/ledger-entry.js';
import { lockHost } from '../lock-host.js';
import { attachPlan, lookAt } from '../look-at.js';
import { initiatorOf } from '../migrate/initiators.js';
import type { Evacuee, EvacuationChoice } from './choose-evacuees.js';
import { EvacuationBook } from './evacuation-book.js';

export interface EvacuationOptions {
  readonly from: string;
  readonly choice: EvacuationChoice;
  /** the way to every other host: destinations, and those that declare a volume and so may have it */
  readonly reached: ReadonlyMap<string, Reached>;
  /** how the source could not be reached; null: it answers */
  readonly silence: LongshoreError | null;
  /** Tries the source once more: rejects with `E_HOST_ANSWERS` when there is an answer. */
  readonly knock: () => Promise<void>;
  readonly evidence: EvidenceSource;
  /** hosts beside source and destination that declare the volume */
  readonly othersWith: (evacuee: Evacuee) => readonly OtherHost[];
  readonly connectorFor: ConnectorFactory;
  readonly ledger: Ledger;
  readonly runId: string;
  readonly now: () => Date;
  /** why a volume is taken of which nothing is on record */
  readonly unrecorded?: string;
  readonly planOnly: boolean;
  /** of the run; absent: nothing of it came before */
  readonly memory?: AttachMemory;
}

/** What became of one volume. */
export interface EvacuationEnd {
  readonly volume: string;
  readonly wwid: string;
  readonly to: string;
  readonly result: VolumeResult;
}

export interface EvacuationReport {
  readonly from: string;
  /** the first evidence; absent when there was none */
  readonly evidence?: Evidence;
  readonly ends: readonly EvacuationEnd[];
  /** volumes for which nothing was begun, and why */
  readonly stopped: ReadonlyMap<string, LongshoreError>;
  /** volumes that an earlier evacuation has given away, and the host that has them on record; null: none has */
  readonly settled: EvacuationChoice['settled'];
  /** why nothing, or nothing more, was done */
  readonly error?: LongshoreError;
}

/**
 * Gives the volumes of a host that does not answer to others. Needs evidence that the host cannot write any more, and asks for it again
 * right before each attach; the host is marked dirty before the first. Never throws for what happens on hosts: the report says it.
 */
export async function evacuate(options: EvacuationOptions): Promise<EvacuationReport> {
  return new Evacuation(options).toTheEnd();
}

class Evacuation {
  readonly #options: EvacuationOptions;
  readonly #book: EvacuationBook;
  readonly #ends: EvacuationEnd[] = [];
  readonly #stopped: Map<string, LongshoreError>;
  /** where the destinations meet, with hosts that declare a volume, before the first of them is changed */
  readonly #gate: AttachGate;
  /** the host may be back: nothing more is begun */
  #calledOff: LongshoreError | null = null;

  constructor(options: EvacuationOptions) {
    this.#options = options;
    this.#stopped = new Map(options.choice.stopped);
    this.#book = new EvacuationBook(options.ledger, options.from, options.runId);
    const { memory, from } = options;
    this.#gate = new AttachGate([...new Set(options.choice.evacuees.map(({ to }) => to))], { memory, from });
  }

  async toTheEnd(): Promise<EvacuationReport> {
    const { from, silence, choice, planOnly } = this.#options;
    let evidence: Evidence;
    try {
      requireSilence(from, silence);
      evidence = await this.#options.evidence.obtain();
      if (choice.evacuees.length === 0) return this.#report(evidence);
      if (!planOnly) {
        await this.#book.open();
        await this.#book.begin(evidence, choice.evacuees);
      }
    } catch (thrown) {
      return { from, ends: [], stopped: this.#stopped, settled: choice.settled, error: asLongshoreError(thrown) };
    }
    const destinations = new Map(choice.evacuees.map(({ to }) => [to, choice.evacuees.filter((one) => one.to === to)]));
    // destinations side by side; the volumes of one destination one after the other: they share its lock
    await Promise.all([...destinations].map(([to, evacuees]) => this.#fill(to, evacuees)));
    return this.#report(evidence);
  }

  async #fill(to: string, evacuees: readonly Evacuee[]): Promise<void> {
    const context = this.#options.reached.get(to);
    for (const evacuee of evacuees) {
      try {
        if (this.#calledOff !== null) throw this.#calledOff;
        if (context === undefined || context instanceof LongshoreError) {
          throw context ?? new LongshoreError('E_INTERNAL', `${to} was not connected`);
        }
        context.deadline.check();
        if (!this.#options.planOnly) await lockHost(to, context);
        await this.#give(evacuee, context);
      } catch (thrown) {
        const error = asLongshoreError(thrown);
        this.#stopped.set(evacuee.volume, error);
        if (error.code === 'E_EVIDENCE' || error.code === 'E_HOST_ANSWERS') this.#calledOff ??= error;
      }
    }
    this.#gate.left(to);
  }

  async #give(evacuee: Evacuee, context: HostContext): Promise<void> {
    const { connectorFor, planOnly } = this.#options;
    await this.#requireNowhereElse(evacuee);
    const { side } = await lookAt(context, evacuee.spec, connectorFor);
    if (side.kind === 'blocked' || side.kind === 'silent') throw side.error;
    if (planOnly) {
      const plan = await attachPlan(context, evacuee.spec, connectorFor);
      this.#end(evacuee, { ...plan, warnings: [...plan.warnings, this.#dataWarning(evacuee)] });
      return;
    }
    const { unrecorded } = this.#options;
    await this.#book.arriving(evacuee, unrecorded);
    const refusals: LongshoreError[] = [];
    const gate = async (): Promise<void> => {
      try {
        const [evidence] = await Promise.all([this.#options.evidence.obtain(), this.#options.knock()]);
        await this.#book.evidence(evidence);
        requireFresh(evidence, this.#options.now());
      } catch (thrown) {
        const refusal = asLongshoreError(thrown);
        refusals.push(refusal);
        throw refusal;
      }
    };
    const { to: host, spec: volume } = evacuee;
    const wanted = this.#options.choice.evacuees.filter(({ to }) => to === host).map(({ spec }) => spec);
    const result = await changeVolume({ context, host, volume, connectorFor, gate }, (connector, verbOptions) =>
      attachAlone(connector, volume, verbOptions, host, this.#gate, wanted),
    );
    const [refusal] = refusals;
    if (refusal !== undefined) {
      await this.#book.givenUp(evacuee, 'the evidence did not hold right before the attach');
      throw refusal;
    }
    if (result.error === undefined && result.deviceInfo !== undefined) {
      await this.#book.arrived(evacuee);
      this.#end(evacuee, { ...result, warnings: [...result.warnings, this.#dataWarning(evacuee)] });
      return;
    }
    const after = await lookAt(context, evacuee.spec, connectorFor);
    // what may be there is on its way there still; only what is proven not to be is given up
    if (after.side.kind === 'absent') await this.#book.givenUp(evacuee, asLongshoreError(result.error).message);
    this.#end(evacuee, result);
  }

  /** No other host that could have the volume has anything of it; one that does not answer could. */
  async #requireNowhereElse(evacuee: Evacuee): Promise<void> {
    const { connectorFor } = this.#options;
    const others = this.#options.othersWith(evacuee);
    const { found, unknown } = await lookElsewhere(others, evacuee.spec, connectorFor);
    if (found.length + unknown.length > 0) throw elsewhereError(evacuee.volume, evacuee.to, [...found, ...unknown]);
    // they are hosts that the array knows: none of them may have the destination's name
    for (const { host, reached } of others) {
      if (reached instanceof LongshoreError) continue;
      this.#gate.of(host, []).arrived({ initiatorName: await initiatorOf(reached), wwids: [] });
    }
  }

  #dataWarning({ volume }: Evacuee): string {
    return `what ${this.#options.from} had not written of ${volume} when it stopped is lost; check what is on it before it is used`;
  }

  #end({ volume, wwid, to }: Evacuee, result: VolumeResult): void {
    this.#ends.push({ volume, wwid, to, result });
  }

  #report(evidence: Evidence): EvacuationReport {
    const { from, choice } = this.#options;
    const error = this.#calledOff;
    return {
      ...{ from, evidence, ends: this.#ends, stopped: this.#stopped, settled: choice.settled },
      ...(error === null ? {} : { error }),
    };
  }
}

/** A host that answers in any way is not evacuated. Throws `E_HOST_ANSWERS`. */
export function requireSilence(from: string, silence: LongshoreError | null): void {
  if (silence?.code === 'E_UNREACHABLE') return;
  const how = silence === null ? 'it lets Longshore in' : `${silence.code}: ${silence.message}`;
  throw new LongshoreError('E_HOST_ANSWERS', `${from} answers (${how}): a host that answers is not evacuated`, {
    host: from,
    remedy: `move its volumes while it is there: longshore migrate --from ${from}; if it must not be trusted, fence it first`,
  });
}
