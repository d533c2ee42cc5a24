import { parsePortal } from '../linux/identifiers.js';
import { ChangeFeed } from './change-feed.js';

/** What a portal does: answers, drops packets, refuses connections, or accepts and then says nothing. */
export type PortalState = 'up' | 'down' | 'refusing' | 'hanging';

/** One logical unit on the array. */
export interface Volume {
  /** in udev's form: 3 and the NAA value */
  readonly wwid: string;
  sizeBytes: number;
  readOnly: boolean;
  /** every write ends in an error */
  failsWrites: boolean;
  /** what was written to it, in order: the data that an operator would miss */
  readonly data: string[];
}

export interface Chap {
  readonly username: string;
  readonly password: string;
  /** what the target answers to the initiator's own challenge, which it need not make */
  readonly mutual?: { readonly username: string; readonly password: string };
}

export interface LoginRequest {
  readonly portal: string;
  readonly targetName: string;
  readonly initiatorName: string;
  readonly chap: Chap | null;
}

export type LoginAnswer =
  | 'accepted'
  | 'unreachable'
  | 'refused'
  | 'hangs'
  | 'unauthorized'
  /** by the initiator, which the target could not show that it knows the other secret */
  | 'turned-away'
  | 'no-such-target';

export interface LoginAttempt {
  readonly portal: string;
  readonly targetName: string;
  readonly initiatorName: string;
  readonly answer: LoginAnswer;
}

interface Access {
  readonly chap: Chap | null;
  readonly luns: Map<number, Volume>;
}

interface Target {
  /** name of the array that it is on */
  readonly array: string;
  readonly portals: readonly string[];
  /** by initiator name: each sees its own LUNs, as with LIO's ACLs */
  readonly access: Map<string, Access>;
}

/**
 * Storage arrays as the hosts' networks reach them: targets behind portals, volumes mapped to initiators. Everything may change under the hosts'
 * feet. One array unless targets are put on others; a discovery shows only what the asked portal's own array has.
 */
export class SimulatedArray {
  readonly changes = new ChangeFeed();
  /** how long each command to a device takes */
  latencyMs = 0;
  readonly #targets = new Map<string, Target>();
  readonly #portals = new Map<string, PortalState>();
  readonly #attempts: LoginAttempt[] = [];
  #discoveryChap: Chap | null = null;

  /** `portals` as `address:port`; `array`: the name of the array that it is on. */
  addTarget(targetName: string, portals: readonly string[], array = 'array'): void {
    this.#targets.set(targetName, { array, portals, access: new Map() });
    for (const portal of portals.map(canonical)) this.#portals.set(portal, this.#portals.get(portal) ?? 'up');
    this.changes.changed();
  }

  createVolume(volume: { readonly wwid: string; readonly sizeBytes: number; readonly readOnly?: boolean }): Volume {
    return {
      wwid: volume.wwid,
      sizeBytes: volume.sizeBytes,
      readOnly: volume.readOnly ?? false,
      failsWrites: false,
      data: [],
    };
  }

  /** Lets an initiator log in, with CHAP if given. */
  allow(targetName: string, initiatorName: string, chap: Chap | null): void {
    const target = this.#target(targetName);
    const luns = target.access.get(initiatorName)?.luns ?? new Map<number, Volume>();
    target.access.set(initiatorName, { chap, luns });
    this.changes.changed();
  }

  /** Maps a volume at a LUN; over an existing mapping this is a remap, which hosts are not told of. */
  map(targetName: string, initiatorName: string, lun: number, volume: Volume): void {
    this.#access(targetName, initiatorName).luns.set(lun, volume);
    this.changes.changed();
  }

  unmap(targetName: string, initiatorName: string, lun: number): void {
    this.#access(targetName, initiatorName).luns.delete(lun);
    this.changes.changed();
  }

  setPortal(portal: string, state: PortalState): void {
    if (!this.#portals.has(canonical(portal))) throw new Error(`the array has no portal ${portal}`);
    this.#portals.set(canonical(portal), state);
    this.changes.changed();
  }

  /** A portal that the array does not have drops packets. */
  portalState(portal: string): PortalState {
    return this.#portals.get(canonical(portal)) ?? 'down';
  }

  /** What SendTargets must be asked with from now on; null: nothing. */
  requireDiscoveryChap(chap: Chap | null): void {
    this.#discoveryChap = chap;
  }

  /** What SendTargets at a portal offers to an initiator: all portals of each target that it may log in to. */
  discover(
    portal: string,
    initiatorName: string,
    chap: Chap | null,
  ): readonly { readonly portal: string; readonly targetName: string }[] | 'unreachable' | 'unauthorized' {
    if (this.portalState(portal) !== 'up') return 'unreachable';
    const wanted = this.#discoveryChap;
    if (wanted !== null && (chap?.username !== wanted.username || chap.password !== wanted.password)) {
      return 'unauthorized';
    }
    const asked = [...this.#targets.values()].filter(({ portals }) => hasPortal(portals, portal));
    // a discovery session sees what the whole array has
    return [...this.#targets]
      .filter(([, target]) => target.access.has(initiatorName) && asked.some(({ array }) => array === target.array))
      .flatMap(([targetName, target]) => target.portals.map((one) => ({ portal: one, targetName })));
  }

  /** Every try counts and stays on record: a wrong secret must not be tried twice. */
  login(request: LoginRequest): LoginAnswer {
    const answer = this.#answer(request);
    const { portal, targetName, initiatorName } = request;
    this.#attempts.push({ portal, targetName, initiatorName, answer });
    return answer;
  }

  get loginAttempts(): readonly LoginAttempt[] {
    return this.#attempts;
  }

  /** Every volume that some initiator reaches, once. */
  get volumes(): readonly Volume[] {
    const accesses = [...this.#targets.values()].flatMap(({ access }) => [...access.values()]);
    return [...new Set(accesses.flatMap(({ luns }) => [...luns.values()]))];
  }

  /** Says that a volume was grown, write-protected or the like. */
  changed(): void {
    this.changes.changed();
  }

  /** What an initiator reaches at a LUN now; null when nothing is mapped there. */
  unitAt(targetName: string, initiatorName: string, lun: number): Volume | null {
    return this.#targets.get(targetName)?.access.get(initiatorName)?.luns.get(lun) ?? null;
  }

  lunsOf(targetName: string, initiatorName: string): readonly number[] {
    const luns = this.#targets.get(targetName)?.access.get(initiatorName)?.luns.keys() ?? [];
    return [...luns].sort((a, b) => a - b);
  }

  #answer({ portal, targetName, initiatorName, chap }: LoginRequest): LoginAnswer {
    switch (this.portalState(portal)) {
      case 'down':
        return 'unreachable';
      case 'refusing':
        return 'refused';
      case 'hanging':
        return 'hangs';
      case 'up':
        break;
    }
    const target = this.#targets.get(targetName);
    if (target === undefined || !hasPortal(target.portals, portal)) return 'no-such-target';
    const access = target.access.get(initiatorName);
    if (access === undefined) return 'unauthorized';
    if (access.chap === null) return 'accepted';
    if (chap?.username !== access.chap.username || chap.password !== access.chap.password) return 'unauthorized';
    // the initiator turns a target away whose answer is wrong
    const { mutual } = chap;
    if (mutual === undefined) return 'accepted';
    const back = access.chap.mutual;
    return back?.username === mutual.username && back.password === mutual.password ? 'accepted' : 'turned-away';
  }

  #target(targetName: string): Target {
    const target = this.#targets.get(targetName);
    if (target === undefined) throw new Error(`the array has no target ${targetName}`);
    return target;
  }

  #access(targetName: string, initiatorName: string): Access {
    const access = this.#target(targetName).access.get(initiatorName);
    if (access === undefined) throw new Error(`${initiatorName} has no access to ${targetName}`);
    return access;
  }
}

function hasPortal(portals: readonly string[], portal: string): boolean {
  return portals.some((one) => canonical(one) === canonical(portal));
}

/** An address is the same address in any spelling. */
function canonical(portal: string): string {
  return parsePortal(portal);
}
