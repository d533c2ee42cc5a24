import type { InitiatorConnector, VerbOptions, VolumeResult, VolumeSpec } from '../../connectors/connector.js';
import { LongshoreError } from '../../errors/longshore-error.js';
import { asLongshoreError } from '../../fleet/outcome.js';
import type { Reached } from '../../fleet/meet-hosts.js';
import type { ConnectorFactory } from '../../fleet/volume-task.js';
import { auditVolume } from '../../sweep/volume-traces.js';
import type { ArrayStep } from '../array-step.js';
import { changeVolume } from '../change-volume.js';
import type { OtherHost } from '../elsewhere.js';
import { lockHost } from '../lock-host.js';
import type { Ledger } from '../ledger/ledger-entry.js';
import { lookAt } from '../look-at.js';
import { preflight, requireNowhereElse } from './preflight.js';
import { type Side, sideText } from '../side.js';
import { decide } from './machine.js';
import { MoveBook } from './move-book.js';
import type { Attempt, Ending, MoveSide, MoveStep, MoveTexts } from './move-step.js';

/** One of the two hosts of a move. */
export interface MoveHost {
  readonly name: string;
  /** the volume as this host reaches it */
  readonly volume: VolumeSpec;
  /** the way to the host; an error when there is none */
  readonly reached: Reached;
}

export interface MoveOptions {
  readonly volume: string;
  readonly wwid: string;
  readonly from: MoveHost;
  readonly to: MoveHost;
  /** hosts beside these two that declare the volume, and so may have it; absent: none */
  readonly others?: readonly OtherHost[];
  readonly connectorFor: ConnectorFactory;
  readonly ledger: Ledger;
  readonly runId: string;
  readonly arrayStep: ArrayStep | null;
  readonly onStep?: (text: string) => void;
}

/** What a move came to. */
export interface MoveReport {
  readonly volume: string;
  readonly wwid: string;
  readonly from: string;
  readonly to: string;
  readonly ending: Ending;
  readonly error?: LongshoreError;
  /** what was done, one line each, in order */
  readonly story: readonly string[];
  /** owner on record after it, with its number */
  readonly owner: { readonly host: string | null; readonly number: number } | null;
  readonly results: { readonly from?: VolumeResult; readonly to?: VolumeResult };
}

/** Steps in one run before it is called stuck; a move that turns back takes about 20. */
const MAX_STEPS = 40;
/** Times that the other host may show the volume again right before it is attached. */
const MAX_GATES_CLOSED = 3;

/**
 * Moves one volume from one host to another, or goes on with a move that was broken off. Looks at both hosts before each step; never
 * throws for what happens on them: the report says it. An interrupt leaves the move open, to be gone on with by the same command.
 */
export async function moveVolume(options: MoveOptions): Promise<MoveReport> {
  return new Move(options).toTheEnd();
}

class Move {
  readonly #options: MoveOptions;
  readonly #book: MoveBook;
  readonly #texts: MoveTexts;
  readonly #failures = new Map<Attempt, LongshoreError>();
  readonly #story: string[] = [];
  /** what to know of the source beside what its own results say */
  readonly #atSource: string[] = [];
  readonly #results: { from?: VolumeResult; to?: VolumeResult } = {};
  #looked = false;
  #gatesClosed = 0;

  constructor(options: MoveOptions) {
    this.#options = options;
    this.#texts = { volume: options.volume, from: options.from.name, to: options.to.name };
    this.#book = new MoveBook(options.ledger, {
      volume: options.volume,
      wwid: options.wwid,
      from: options.from.name,
      to: options.to.name,
      id: `${options.runId} ${options.volume}`,
    });
  }

  async toTheEnd(): Promise<MoveReport> {
    try {
      await this.#book.open();
      await this.#lockBoth();
      let sides = await this.#look();
      for (let count = 0; count < MAX_STEPS; count += 1) {
        const memory = {
          failures: this.#failures,
          looked: this.#looked,
          hasArrayStep: this.#options.arrayStep !== null,
        };
        const step = decide(sides.from, sides.to, this.#book.record(), memory, this.#texts);
        if (step.kind === 'note' && step.phase === 'begun') this.#atSource.push(...(await preflight(this.#options)));
        if (step.kind === 'end') {
          if (step.warning !== undefined) this.#atSource.push(step.warning);
          return this.#report(step.ending, step.error);
        }
        sides = await this.#run(step, sides);
      }
      return this.#report('stopped', new LongshoreError('E_STUCK', 'gave up: the hosts do not settle'));
    } catch (thrown) {
      const error = asLongshoreError(thrown);
      return this.#report(this.#book.record().phases.has('begun') ? 'stopped' : 'refused', error);
    }
  }

  /** Holds both hosts' locks for the whole move, taken in the order of their names so that two moves cannot wait for each other. */
  async #lockBoth(): Promise<void> {
    const hosts = [this.#options.from, this.#options.to].toSorted((a, b) => (a.name < b.name ? -1 : 1));
    for (const { name, reached } of hosts) {
      if (!(reached instanceof LongshoreError)) await lockHost(name, reached);
    }
  }

  /** Runs one step; gives what the hosts show after it. What fails is remembered, for the next decision. */
  async #run(step: Exclude<MoveStep, { kind: 'end' }>, sides: Sides): Promise<Sides> {
    switch (step.kind) {
      case 'note':
        await this.#book.note(step.phase, step.why);
        if (step.phase === 'begun')
          this.#tell(`${this.#texts.from} ${sideText(sides.from)}; ${this.#texts.to} ${sideText(sides.to)}`);
        if (step.phase === 'released')
          this.#tell(`${this.#texts.from} has nothing of it any more: ready for unmap at the array`);
        if (step.phase === 'turned-back') this.#tell(`turned back: ${step.why ?? ''}`);
        return sides;
      case 'own':
        await this.#book.own(step.side);
        return sides;
      case 'hand-over':
        await this.#book.note('handing-over');
        if (await this.#attempt('hand-over', () => this.#options.arrayStep?.handOver(this.#texts))) {
          await this.#book.note('handed-over');
          this.#tell('the array step is done');
        }
        return this.#look();
      case 'give-back':
        await this.#book.note('giving-back');
        if (await this.#attempt('give-back', () => this.#options.arrayStep?.giveBack(this.#texts))) {
          await this.#book.note('given-back');
          this.#tell('the array step is undone');
        }
        return this.#look();
      case 'look-after':
        await this.#lookAfter();
        return sides;
      case 'detach':
        await this.#detach(step.side);
        return this.#look();
      case 'attach':
        return this.#attach(step.side);
    }
  }

  async #look(): Promise<Sides> {
    const [from, to] = await Promise.all([this.#lookAt('from'), this.#lookAt('to')]);
    return { from, to };
  }

  async #lookAt(side: MoveSide): Promise<Side> {
    const { reached, volume } = this.#options[side];
    if (reached instanceof LongshoreError) return { kind: 'silent', error: reached };
    reached.deadline.check();
    return (await lookAt(reached, volume, this.#options.connectorFor)).side;
  }

  async #detach(side: MoveSide): Promise<void> {
    if (side === 'from') await this.#book.note('detaching');
    const result = await this.#verb(side, (connector, volume, options) => connector.detach(volume, null, options));
    if (result.error === undefined) return this.#tell(`${this.#texts[side]} detached`);
    this.#failures.set(`detach ${side}`, asLongshoreError(result.error, this.#texts[side]));
  }

  /** What attaches proves its success with a live identity: that is what the host shows, and a degraded volume counts as whole. */
  async #attach(side: MoveSide): Promise<Sides> {
    await this.#book.note(side === 'to' ? 'arriving' : 'returning');
    const other = side === 'to' ? 'from' : 'to';
    let isShut = false;
    const gate = async (): Promise<void> => {
      const [seen, elsewhere] = await Promise.all([
        this.#lookAt(other),
        requireNowhereElse(this.#options, side).catch(asLongshoreError),
      ]);
      isShut = seen.kind !== 'absent' || elsewhere instanceof LongshoreError;
      if (elsewhere instanceof LongshoreError) throw elsewhere;
      if (seen.kind === 'absent') return;
      const message = `${this.#texts[other]} ${sideText(seen)}: ${this.#texts[side]} was not connected`;
      throw new LongshoreError(seen.kind === 'silent' ? 'E_MOVE_FROZEN' : 'E_TWO_HOSTS', message);
    };
    const result = await this.#verb(side, (connector, volume, options) => connector.attach(volume, options), gate);
    const sides = await this.#look();
    if (isShut) this.#gatesClosed += 1;
    // nothing was tried: what the other host shows now decides
    if (isShut && this.#gatesClosed < MAX_GATES_CLOSED) return sides;
    if (result.error !== undefined) {
      this.#failures.set(`attach ${side}`, asLongshoreError(result.error, this.#texts[side]));
      return sides;
    }
    const { deviceInfo } = result;
    if (deviceInfo === undefined) {
      this.#failures.set(`attach ${side}`, new LongshoreError('E_DEVICE_NOT_FOUND', 'the attach gave no device'));
      return sides;
    }
    this.#tell(`${this.#texts[side]} attached it as ${deviceInfo.path}`);
    const seen = sides[side];
    return seen.kind === 'partial' ? { ...sides, [side]: { kind: 'whole', deviceInfo, users: seen.users } } : sides;
  }

  async #verb(
    side: MoveSide,
    work: (connector: InitiatorConnector, volume: VolumeSpec, options: VerbOptions) => Promise<VolumeResult>,
    gate?: () => Promise<void>,
  ): Promise<VolumeResult> {
    const { reached: context, volume, name: host } = this.#options[side];
    if (context instanceof LongshoreError) throw context;
    const change = {
      context,
      host,
      volume,
      connectorFor: this.#options.connectorFor,
      ...(gate === undefined ? {} : { gate }),
    };
    const result = await changeVolume(change, (connector, options) => work(connector, volume, options));
    this.#results[side] = result;
    if (result.error instanceof LongshoreError && result.error.code === 'E_INTERRUPTED') throw result.error;
    return result;
  }

  /** What the detach cannot see is told, not acted on: mappings without a holder, links, records of another kind. */
  async #lookAfter(): Promise<void> {
    const { volume, reached } = this.#options.from;
    this.#looked = true;
    if (reached instanceof LongshoreError) return;
    try {
      const { found, unknowns } = await auditVolume(reached, volume);
      this.#atSource.push(...found.map((one) => `left there: ${one}`));
      this.#atSource.push(...unknowns.map(({ subject, reason }) => `cannot read ${subject}: ${reason}`));
    } catch (thrown) {
      this.#atSource.push(`could not be looked at once more: ${asLongshoreError(thrown).message}`);
    }
  }

  async #attempt(attempt: Attempt, work: () => Promise<void> | undefined): Promise<boolean> {
    try {
      await work();
      return true;
    } catch (thrown) {
      this.#failures.set(attempt, asLongshoreError(thrown));
      return false;
    }
  }

  #tell(text: string): void {
    this.#story.push(text);
    this.#options.onStep?.(text);
  }

  #report(ending: Ending, error?: LongshoreError): MoveReport {
    const { volume, wwid } = this.#options;
    const own = this.#results.from ?? (this.#atSource.length === 0 ? undefined : NOTHING_DONE);
    const source = own === undefined ? undefined : { ...own, warnings: [...own.warnings, ...this.#atSource] };
    return {
      volume,
      wwid,
      from: this.#texts.from,
      to: this.#texts.to,
      ending,
      ...(error === undefined ? {} : { error }),
      story: this.#story,
      owner: this.#book.owner(),
      results: { ...this.#results, ...(source === undefined ? {} : { from: source }) },
    };
  }
}

const NOTHING_DONE: VolumeResult = { outcome: 'ok', paths: [], warnings: [], steps: [] };

interface Sides {
  readonly from: Side;
  readonly to: Side;
}
