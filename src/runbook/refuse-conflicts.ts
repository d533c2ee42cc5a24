import type { VolumeSpec } from '../connectors/connector.js';
import { LongshoreError } from '../errors/longshore-error.js';
import { type VolumeWish, refuseConflicts, volumeIdentity } from '../fleet/volume-conflicts.js';
import type { Inventory } from '../inventory/inventory.js';
import { sameVolumeAt } from '../moves/same-volume.js';
import type { Play, PlayStep, Runbook } from './playbook.js';
import type { StepMoves } from './steps/step-kind.js';

/**
 * Refuses, before any host is connected to, a step that would give one volume to several hosts of its play, or to a host while another one has it from
 * a step before: by an attach, a migrate or an evacuate that nothing has taken back (rule S40).
 *
 * @throws LongshoreError E_CONFLICT with the step's place in the file
 */
export function refuseStepConflicts({ plays }: Runbook, inventory: Inventory): void {
  const given = new GivenVolumes();
  for (const play of plays) {
    for (const step of play.steps) {
      try {
        follow(step, play, inventory, given);
      } catch (thrown) {
        if (!(thrown instanceof LongshoreError)) throw thrown;
        const { filePath, line, column } = step.position;
        throw new LongshoreError(thrown.code, `${filePath}:${line}:${column}: ${thrown.message}`, thrown.details);
      }
    }
  }
}

/** What a step gives to hosts and takes from them, as far as that is declared. */
function follow(step: PlayStep, play: Play, inventory: Inventory, given: GivenVolumes): void {
  const { kind } = step;
  if (kind.scope === 'fleet') {
    if (kind.moves !== undefined) followMove(kind.moves(step.on('').options), inventory, given);
    return;
  }
  const wishes = play.hosts.map(({ name }) => ({ host: name, volumes: step.on(name).volumes }));
  if (kind.logsIn === true) return given.give(wishes);
  for (const { host, volumes } of wishes) {
    if (kind.effect?.(step.on(host).options).leaves === 'absent') given.take(host, volumes);
  }
}

/** What cannot be followed, such as a host that is not there, the step itself refuses when it comes to it. */
function followMove({ from, to, volumes }: StepMoves, inventory: Inventory, given: GivenVolumes): void {
  const source = inventory.hosts.get(from)?.volumes ?? new Map<string, VolumeSpec>();
  const moved = [...source.values()].filter(({ name }) => volumes === 'all' || volumes.includes(name));
  given.take(from, moved);
  // which of several destinations gets a volume is decided then
  const [host, ...others] = to;
  const declared = inventory.hosts.get(host ?? '')?.volumes;
  if (host === undefined || declared === undefined || others.length > 0) return;
  const arriving = moved.flatMap(({ name, wwid }) => (wwid === undefined ? [] : [sameVolumeAt(declared, name, wwid)]));
  given.give([{ host, volumes: arriving.filter((volume) => volume !== null) }]);
}

/** Which hosts have which volumes by the steps so far. */
class GivenVolumes {
  readonly #wishes: VolumeWish[] = [];

  /** Throws `E_CONFLICT`, naming both hosts, for what another host has or is given too. */
  give(wishes: readonly VolumeWish[]): void {
    this.#wishes.push(...wishes);
    refuseConflicts(this.#wishes);
  }

  take(host: string, volumes: readonly VolumeSpec[]): void {
    const gone = new Set(volumes.map(volumeIdentity));
    for (const [index, wish] of this.#wishes.entries()) {
      if (wish.host !== host) continue;
      this.#wishes[index] = { host, volumes: wish.volumes.filter((volume) => !gone.has(volumeIdentity(volume))) };
    }
  }
}
