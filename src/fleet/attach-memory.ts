import type { VolumeSpec } from '../connectors/connector.js';
import { LongshoreError } from '../errors/longshore-error.js';
import { conflict, mayBeShared } from './volume-conflicts.js';

/**
 * What the attaches of one run have shown and done, whichever step they belong to (rule S40): the hosts' initiator names, and which host has which
 * volume, by the identity that the device gave when it was there. What only turns out to be one volume is known by that.
 *
 * It is the run's own word: a detach or a move by a step of the run takes a volume back, what others do meanwhile does not show here.
 */
export class AttachMemory {
  readonly #initiatorNames = new Map<string, string>();
  /** by WWID: the hosts that have it, each with its own definition */
  readonly #hosts = new Map<string, Map<string, VolumeSpec>>();

  /** What a host's first look shows; the last word counts. */
  named(host: string, initiatorName: string | null): void {
    if (initiatorName === null) this.#initiatorNames.delete(host);
    else this.#initiatorNames.set(host, initiatorName);
  }

  /** Why a host must not be changed at all: another one has its initiator name. Null: nothing is against it. */
  sameName(host: string): LongshoreError | null {
    const name = this.#initiatorNames.get(host);
    if (name === undefined) return null;
    for (const [other, its] of this.#initiatorNames) {
      if (other !== host && its === name) return nameConflict(host, other, name);
    }
    return null;
  }

  /**
   * Why a host must not have a volume: another host got it by this run, and nothing says that they may share it. Null: nothing is against it.
   *
   * @param from a host that loses it to this one, and so does not count
   */
  refusal(host: string, wwid: string, volume: VolumeSpec, from?: string): LongshoreError | null {
    for (const [other, theirs] of this.#hosts.get(wwid) ?? []) {
      if (other === host || other === from || mayBeShared([theirs, volume])) continue;
      return conflict(`${volume.name} is ${wwid}, which ${other} has attached`, host);
    }
    return null;
  }

  /** Notes that a host has a volume now, and that it has it from another one; with a refusal nothing is noted. */
  attached(host: string, wwid: string, volume: VolumeSpec, from?: string): LongshoreError | null {
    const refusal = this.refusal(host, wwid, volume, from);
    if (refusal !== null) return refusal;
    const hosts = this.#hosts.get(wwid) ?? new Map<string, VolumeSpec>();
    if (from !== undefined) hosts.delete(from);
    this.#hosts.set(wwid, hosts.set(host, volume));
    return null;
  }

  /** Notes that a host was proven to have a volume no more. */
  gone(host: string, volume: VolumeSpec): void {
    for (const [wwid, hosts] of this.#hosts) {
      if (wwid === volume.wwid || hosts.get(host)?.name === volume.name) hosts.delete(host);
    }
  }
}

function nameConflict(host: string, other: string, name: string): LongshoreError {
  return new LongshoreError(
    'E_CONFLICT',
    `${host} and ${other} have the same initiator name ${name}: to the array they are one host`,
    {
      host,
      remedy:
        'give one of them a name of its own (iscsi-iname) while nothing is attached there; a host that is listed twice is to be named once',
    },
  );
}
