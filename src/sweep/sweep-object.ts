import { createHash } from 'node:crypto';
import type { DmDevice, IscsiSession, NodeRecord, ScsiDevice } from '../linux/storage-state.js';
import type { Wwid } from '../linux/identifiers.js';

/** In the order of removal: from the top of the stack down. */
export const OBJECT_KINDS = ['mapping', 'map', 'device', 'session', 'record', 'link'] as const;
export type ObjectKind = (typeof OBJECT_KINDS)[number];

/**
 * owned: a volume that the inventory declares for this host; foreign: somebody uses it, or it is none of ours; candidate: nobody's, with evidence;
 * unknown: it cannot be told, and then it is never removed.
 */
export const OBJECT_CLASSES = ['owned', 'foreign', 'candidate', 'unknown'] as const;
export type ObjectClass = (typeof OBJECT_CLASSES)[number];

/** One thing on a host, and what is thought of it. */
export interface SweepObject {
  readonly kind: ObjectKind;
  /** its identity, under which it is approved: never a kernel name */
  readonly key: string;
  /** for people, with kernel names of this snapshot */
  readonly title: string;
  readonly class: ObjectClass;
  /** what was read, and what follows from it; text from the host may be in it */
  readonly reasons: readonly string[];
  /** only of a candidate: what removing it would be about */
  readonly removal?: Removal;
}

/** A disk, and why it is known to be dead: each is read again right before a removal. */
export interface DeadDisk {
  readonly device: ScsiDevice;
  readonly evidence: DeadEvidence;
}

export type DeadEvidence =
  /** the array says that it has nothing at this LUN; `exit` of the command that asked */
  | { readonly kind: 'not-supported'; readonly exit: number }
  /** the array has another volume at this LUN now */
  | { readonly kind: 'other-identity'; readonly wwid: Wwid };

export type Removal =
  /** a LUKS mapping or an LV; `gone`: numbers of the devices that it was made of and that are not there */
  | {
      readonly kind: 'mapping';
      readonly dm: DmDevice;
      readonly gone: readonly string[];
      readonly on: readonly DmDevice[];
      readonly disks: readonly DeadDisk[];
    }
  /** a multipath map; `disks`: its paths, all dead; `gone`: numbers of paths in its table that are not there */
  | {
      readonly kind: 'map';
      readonly dm: DmDevice;
      readonly gone: readonly string[];
      readonly disks: readonly DeadDisk[];
    }
  | { readonly kind: 'device'; readonly disk: DeadDisk }
  | { readonly kind: 'session'; readonly session: IscsiSession }
  | { readonly kind: 'record'; readonly record: NodeRecord }
  /** a file of a node record that holds none; it is moved aside, not deleted */
  | { readonly kind: 'sick-record'; readonly filePath: string }
  | { readonly kind: 'link'; readonly linkPath: string; readonly target: string };

/**
 * Changes when the object or its evidence does, and with a reboot where the kernel's numbers are part of it. Two looks that give the same digest have
 * seen the same thing in the same state.
 */
export function digestOf(key: string, removal: Removal, bootId: string | null): string {
  return createHash('sha256')
    .update(JSON.stringify([key, bootId, factsOf(removal)]))
    .digest('hex')
    .slice(0, 32);
}

function factsOf(removal: Removal): unknown {
  switch (removal.kind) {
    case 'mapping':
      return [
        removal.dm.dev,
        removal.dm.dmName,
        removal.gone,
        removal.on.map(({ dmUuid }) => dmUuid),
        removal.disks.map(diskFacts),
      ];
    case 'map':
      return [removal.dm.dev, removal.dm.dmName, removal.gone, removal.disks.map(diskFacts)];
    case 'device':
      return diskFacts(removal.disk);
    case 'session':
      return [removal.session.sid, removal.session.state];
    case 'record':
      return [removal.record.mark, removal.record.startup, removal.record.iface];
    case 'sick-record':
      return null;
    case 'link':
      return removal.target;
  }
}

function diskFacts({ device, evidence }: DeadDisk): unknown {
  return [
    device.hctl,
    device.cachedWwid,
    device.block?.dev,
    evidence.kind,
    evidence.kind === 'other-identity' ? evidence.wwid : '',
  ];
}
