import type { VolumeSpec } from '../connectors/connector.js';
import { LongshoreError } from '../errors/longshore-error.js';
import type { InventoryHost } from '../inventory/inventory.js';
import { foldNames } from '../inventory/patterns/fold-names.js';
import type { WorkItem } from '../journal/left-work.js';
import { definitionChanges, definitionOf } from '../journal/volume-definition.js';
import { gather } from '../report/gather.js';

/** A volume to resume as it is declared now, with its secrets. */
export interface ResumedVolume extends WorkItem {
  readonly volume: VolumeSpec;
}

/**
 * The volumes of a run as inventory and files have them now: one of a file comes before one of the same name in the inventory, as the
 * run took it. Throws `E_VOLUME` for those that are no longer what they were: a run that is resumed must mean the same volume.
 */
export function volumesNow(
  items: readonly WorkItem[],
  hosts: ReadonlyMap<string, InventoryHost>,
  fromFiles: ReadonlyMap<string, VolumeSpec>,
  run: string,
): readonly ResumedVolume[] {
  const resumed: ResumedVolume[] = [];
  const problems: (readonly [string, string])[] = [];
  for (const item of items) {
    const { name } = item.definition;
    const volume = fromFiles.get(name) ?? hosts.get(item.host)?.volumes.get(name);
    if (volume === undefined) problems.push([item.host, `volume ${name} is no longer declared`]);
    else {
      const changes = definitionChanges(item.definition, definitionOf(volume));
      if (changes.length === 0) resumed.push({ ...item, volume });
      else problems.push([item.host, `volume ${name} is another than in run ${run}: ${changes.join('; ')}`]);
    }
  }
  if (problems.length === 0) return resumed;
  const lines = gather(problems, (what) => what).map(({ names, value }) => `${foldNames(names)}: ${value}`);
  throw new LongshoreError('E_VOLUME', lines.join('\n'), {
    remedy:
      'put the definition back as it was, or leave these hosts out with --limit and work on them with attach and detach',
  });
}
