import type { VolumeSpec } from '../../connectors/connector.js';
import { LongshoreError } from '../../errors/longshore-error.js';
import type { HostResult } from '../../fleet/fleet-result.js';
import { meetHosts } from '../../fleet/meet-hosts.js';
import type { InventoryHost } from '../../inventory/inventory.js';
import { type ArrayStepOptions, arrayStepOf } from '../array-step.js';
import { requireNotDirty } from '../dirty/refuse-dirty.js';
import { hostsDeclaring, othersWith } from '../elsewhere.js';
import type { MoveServices } from '../move-services.js';
import { sameVolumeAt } from '../same-volume.js';
import { type MoveReport, moveVolume } from './migrate.js';
import { findingsOfMoves } from './move-findings.js';
import { planMove } from './plan-move.js';

/** What is to be moved, as the user says it. */
export interface MigrateRequest {
  readonly from: InventoryHost;
  readonly to: InventoryHost;
  /** every host of the inventory: any of them may have a volume that it declares */
  readonly all: readonly InventoryHost[];
  /** names that the source declares; at least one */
  readonly volumes: readonly string[];
  readonly array: ArrayStepOptions;
}

export interface Migration {
  readonly reports: readonly MoveReport[];
  readonly hosts: ReadonlyMap<string, HostResult>;
}

/** Time that the site's command at the array may take. */
const ARRAY_STEP_MS = 120_000;

/**
 * Moves volumes from one host to another, one after the other, and begins none after one that did not arrive. Throws `E_VOLUME` before
 * anything is connected to when the two hosts do not declare a volume with one identity, `E_HOST_DIRTY` when one of them is dirty, `E_CONFLICT`
 * when a third one got the volume by the same run.
 */
export async function migrateVolumes(request: MigrateRequest, services: MoveServices): Promise<Migration> {
  const { from, to } = request;
  if (from.name === to.name) throw new LongshoreError('E_USAGE', `a volume is not moved from ${from.name} to itself`);
  const pairs = request.volumes.map((name) => ({ name, ...definitionsOf(name, from, to) }));
  const entries = await services.ledger.entries();
  for (const { name } of [from, to]) requireNotDirty(entries, name);
  for (const { wwid, destination } of pairs) {
    const elsewhere = services.memory?.refusal(to.name, wwid, destination, from.name) ?? null;
    if (elsewhere !== null) throw elsewhere;
  }
  const reports: MoveReport[] = [];
  const wwids = pairs.map(({ wwid }) => wwid);
  const others = hostsDeclaring(request.all, wwids, [from.name, to.name]);
  const hosts = await meetHosts([from, to, ...others], services.onHost, async (reached) => {
    for (const { name: volume, wwid, source, destination } of pairs) {
      const run = (argv: readonly string[]) => services.run(argv, ARRAY_STEP_MS);
      const noWay = new LongshoreError('E_INTERNAL', 'the host was not connected');
      const report = await (services.planOnly ? planMove : moveVolume)({
        volume,
        wwid,
        from: { name: from.name, volume: source, reached: reached.get(from.name) ?? noWay },
        to: { name: to.name, volume: destination, reached: reached.get(to.name) ?? noWay },
        others: othersWith(others, wwid, reached),
        connectorFor: services.connectorFor,
        ledger: services.ledger,
        runId: services.runId,
        arrayStep: arrayStepOf(request.array, wwid, { run, ask: services.ask }),
      });
      reports.push(report);
      const { ending } = report;
      if (ending === 'moved' || ending === 'nothing-to-do') {
        services.memory?.attached(to.name, wwid, destination, from.name);
      } else if (ending === 'returned') services.memory?.attached(from.name, wwid, source, to.name);
      if (report.error !== undefined) break;
    }
    return findingsOfMoves(reports);
  });
  // that another host could not be asked is told with the move: it is no host of it
  const ends = [...hosts].filter(([name]) => name === from.name || name === to.name);
  return { reports, hosts: new Map(ends) };
}

/** A volume as each of the two hosts declares it, with the identity that both must give it. Throws `E_VOLUME`. */
export function definitionsOf(
  name: string,
  from: InventoryHost,
  to: InventoryHost,
): { readonly wwid: string; readonly source: VolumeSpec; readonly destination: VolumeSpec } {
  const source = from.volumes.get(name);
  if (source === undefined)
    throw new LongshoreError('E_VOLUME', `${from.name} declares no volume ${JSON.stringify(name)}`);
  const { wwid } = source;
  if (wwid === undefined) {
    throw new LongshoreError(
      'E_VOLUME',
      `${name} has no wwid at ${from.name}: what arrives could not be told from any other`,
      {
        remedy: 'add its wwid to the inventory, for both hosts',
      },
    );
  }
  const destination = sameVolumeAt(to.volumes, name, wwid);
  if (destination !== null) return { wwid, source, destination };
  const other = to.volumes.get(name)?.wwid;
  const what = other === undefined ? 'declares no volume with' : `declares ${name} with the wwid ${other}, not`;
  throw new LongshoreError('E_VOLUME', `${to.name} ${what} the wwid ${wwid}`, {
    remedy: `declare it for ${to.name} as that host reaches it (its own LUN, portals and secrets), with the same wwid`,
  });
}
