import type { VolumeSpec } from '../connectors/connector.js';
import { LongshoreError } from '../errors/longshore-error.js';
import type { Reached } from '../fleet/meet-hosts.js';
import { mayBeShared } from '../fleet/volume-conflicts.js';
import type { ConnectorFactory } from '../fleet/volume-task.js';
import type { InventoryHost } from '../inventory/inventory.js';
import { lookAt } from './look-at.js';
import { sideText } from './side.js';

/** A host beside those of a move that declares its volume too, and so may have it. */
export interface OtherHost {
  readonly host: string;
  readonly spec: VolumeSpec;
  readonly reached: Reached;
}

/** What other hosts show of a volume, one sentence for each that is not proven to have nothing of it. */
export interface Elsewhere {
  /** those that have something of it */
  readonly found: readonly string[];
  /** those that cannot be asked or judged, and so may have it */
  readonly unknown: readonly string[];
}

/** Hosts of an inventory that declare one of these identities, without those that are named. */
export function hostsDeclaring(
  all: readonly InventoryHost[],
  wwids: readonly string[],
  without: readonly string[],
): readonly InventoryHost[] {
  return all.filter(
    ({ name, unsupported, volumes }) =>
      unsupported === undefined &&
      !without.includes(name) &&
      [...volumes.values()].some(({ wwid }) => wwid !== undefined && wwids.includes(wwid)),
  );
}

/** The same hosts, for one volume: each with whatever it declares of that identity. */
export function othersWith(
  hosts: readonly InventoryHost[],
  wwid: string,
  reached: ReadonlyMap<string, Reached>,
): readonly OtherHost[] {
  const missing = new LongshoreError('E_INTERNAL', 'it was not asked');
  return hosts.flatMap((host) => {
    const specs = [...host.volumes.values()].filter((volume) => volume.wwid === wwid);
    return specs.map((spec) => ({ host: host.name, spec, reached: reached.get(host.name) ?? missing }));
  });
}

/** Looks at hosts that may have a volume (rule S40). One that may share it with its destination, by the word of both, is not asked. */
export async function lookElsewhere(
  others: readonly OtherHost[],
  destination: VolumeSpec,
  connectorFor: ConnectorFactory,
): Promise<Elsewhere> {
  const asked = others.filter(({ spec }) => !mayBeShared([spec, destination]));
  const looks = await Promise.all(
    asked.map(async ({ host, spec, reached }) => {
      if (reached instanceof LongshoreError) {
        return { isKnown: false, text: `${host} may have it and does not answer: ${reached.message}` };
      }
      const { side } = await lookAt(reached, spec, connectorFor);
      if (side.kind === 'absent') return null;
      const isKnown = side.kind === 'whole' || side.kind === 'partial';
      return { isKnown, text: `${host} ${isKnown ? '' : 'may have it and '}${sideText(side)}` };
    }),
  );
  const texts = (known: boolean) => looks.flatMap((look) => (look?.isKnown === known ? [look.text] : []));
  return { found: texts(true), unknown: texts(false) };
}

/** Why a volume is not given to a host: another one has it, or may have it. */
export function elsewhereError(volume: string, to: string, where: readonly string[]): LongshoreError {
  return new LongshoreError('E_TWO_HOSTS', `${volume} may be on another host: ${where.join('; ')}`, {
    host: to,
    remedy: 'make sure that no other host has it, and run this again',
  });
}
