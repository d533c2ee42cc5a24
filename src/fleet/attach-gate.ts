import type { HostGate, HostSight, VolumeSpec } from '../connectors/connector.js';
import type { LongshoreError } from '../errors/longshore-error.js';
import { AttachMemory } from './attach-memory.js';
import { conflict, mayBeShared } from './volume-conflicts.js';

/** How long hosts wait for those that do not show up, from the first that did. */
const LONGEST_WAIT_MS = 3_000;

interface Arrival {
  readonly sight: HostSight;
  /** what it is to get */
  readonly volumes: readonly VolumeSpec[];
}

/**
 * Where the hosts of an attach meet before the first of them is changed (rule S40): hosts that share an initiator name, and a host whose volume another
 * host still has, are refused. It costs no round trip: what is compared came with each host's first look.
 *
 * Hosts that are begun together wait for each other, but not for one that is slow to connect; that one, and hosts whose turn comes later, are
 * compared with all that came before.
 */
export class AttachGate {
  readonly #expected: Set<string>;
  readonly #arrivals = new Map<string, Arrival>();
  readonly #memory: AttachMemory;
  readonly #from: string | undefined;
  readonly #open: Promise<void>;
  #openNow: () => void = () => undefined;
  #timer: NodeJS.Timeout | undefined;

  /**
   * `together`: the hosts that are begun at once; none: nobody waits. `memory`: of the run, when other steps of it attach, too. `from`: a host that
   * loses to these what they get.
   */
  constructor(
    together: readonly string[] = [],
    { memory = new AttachMemory(), from }: { readonly memory?: AttachMemory | undefined; readonly from?: string } = {},
  ) {
    this.#memory = memory;
    this.#from = from;
    this.#expected = new Set(together.length > 1 ? together : []);
    this.#open = new Promise((resolve) => {
      this.#openNow = () => {
        clearTimeout(this.#timer);
        resolve();
      };
    });
    this.#openIfAllAreHere();
  }

  /** A gate for hosts that are begun later. It knows all that has come to this one. */
  next(together: readonly string[]): AttachGate {
    const from = this.#from === undefined ? {} : { from: this.#from };
    const gate = new AttachGate(together, { memory: this.#memory, ...from });
    for (const [host, arrival] of this.#arrivals) gate.#arrivals.set(host, arrival);
    return gate;
  }

  /** The gate as one host's connector sees it. */
  of(host: string, volumes: readonly VolumeSpec[]): HostGate {
    return {
      arrived: (sight) => {
        this.#arrivals.set(host, { sight, volumes });
        this.#memory.named(host, sight.initiatorName);
        this.#timer ??= setTimeout(this.#openNow, LONGEST_WAIT_MS);
        this.left(host);
      },
      mayChange: async () => {
        await this.#open;
        this.#refuse(host);
      },
    };
  }

  /** A host that has ended, or was not begun: nobody waits for it any more. */
  left(host: string): void {
    this.#expected.delete(host);
    this.#openIfAllAreHere();
  }

  /**
   * Notes that a host has a volume now. Gives an error when another host of this run attached the very same one first, and nothing says that they
   * may share it: identities that nobody declared only show then.
   */
  attached(host: string, wwid: string, volume: VolumeSpec): LongshoreError | null {
    return this.#memory.attached(host, wwid, volume, this.#from);
  }

  #openIfAllAreHere(): void {
    if (this.#expected.size === 0) this.#openNow();
  }

  #refuse(host: string): void {
    const own = this.#arrivals.get(host);
    if (own === undefined) return;
    const refusals = own.volumes.map((volume) =>
      volume.wwid === undefined ? null : this.#memory.refusal(host, volume.wwid, volume, this.#from),
    );
    const refusal = this.#memory.sameName(host) ?? refusals.find((one) => one !== null) ?? null;
    if (refusal !== null) throw refusal;
    for (const [other, { sight, volumes }] of this.#arrivals) {
      if (other === host) continue;
      const taken = own.volumes.find(({ wwid }) => wwid !== undefined && sight.wwids.includes(wwid));
      const theirs = volumes.find(({ wwid }) => wwid === taken?.wwid);
      if (taken === undefined || mayBeShared([taken, ...(theirs === undefined ? [] : [theirs])])) continue;
      throw conflict(`${taken.name} (${taken.wwid ?? ''}) is wanted on ${host}, and ${other} has it`, host);
    }
  }
}
