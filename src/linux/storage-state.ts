import type { BootTarget } from './boot-targets.js';
import type { Hctl, Iqn, Portal, Wwid } from './identifiers.js';

/**
 * What a storage client's kernel and daemons show, as one observation read it. Plain data, nothing in it is a promise that
 * it still holds; kernel names (sdX, dm-N) are valid for this observation only (rule S4).
 */
export interface StorageState {
  readonly sessions: readonly IscsiSession[];
  readonly nodeRecords: readonly NodeRecord[];
  /** SCSI devices that hang under iSCSI sessions, also those without a disk (enclosures, LUN 0 of some arrays) */
  readonly scsiDevices: readonly ScsiDevice[];
  readonly dmDevices: readonly DmDevice[];
  /**
   * in a look at one volume: a few of the SCSI devices of its sessions, of whatever volume, so that it is known whether there are others; absent when
   * `scsiDevices` has all
   */
  readonly neighbours?: readonly Neighbour[];
  /** mounts seen in any mount namespace */
  readonly mounts: readonly Mount[];
  readonly swaps: readonly SwapArea[];
  /** file systems that the kernel holds open, visible as a mount or not; absent when not asked for */
  readonly fileSystems?: readonly HeldFileSystem[];
  /** loop devices and what they are backed by; absent when not asked for */
  readonly loops?: readonly LoopDevice[];
  readonly multipathd: MultipathdState;
  /** `/etc/iscsi/initiatorname.iscsi`; null when absent or unreadable */
  readonly initiatorName: Iqn | null;
  /** what the firmware says that the host boots from; absent when it says nothing */
  readonly bootTargets?: readonly BootTarget[];
  /** everything that matched but could not be read or parsed, with the reason: unknown is a state (rule S35) */
  readonly unknowns: readonly Unknown[];
}

export interface Unknown {
  /** what could not be learnt: a sysfs path below the object in question, or a command */
  readonly subject: string;
  readonly reason: string;
}

export interface IscsiSession {
  readonly sid: number;
  readonly targetName: Iqn;
  /** sysfs `state`: LOGGED_IN, FAILED or FREE (kernel 6.1) */
  readonly state: string;
  readonly iface: string;
  /** number N of the kernel's hostN; null when the link could not be read */
  readonly scsiHost: number | null;
  /** the portal it was made for (`persistent_address:persistent_port`); null while the connection is not shown */
  readonly portal: Portal | null;
  /** the portal it talks to now, after a redirect (`address:port`) */
  readonly currentPortal: Portal | null;
}

/** open-iscsi's stored (target, portal, iface) entry, without its secrets. */
export interface NodeRecord {
  readonly targetName: Iqn;
  readonly portal: Portal;
  readonly iface: string;
  /** node.startup; null when the file does not say */
  readonly startup: string | null;
  /** node.session.scan */
  readonly scan: string | null;
  /** node.session.auth.authmethod and .username */
  readonly authMethod: string | null;
  readonly authUsername: string | null;
  /** what a Longshore wrote into it: made by it, or there before and used by it; absent: nothing */
  readonly mark?: 'made' | 'used';
  /** the portal as the record writes it, when that is not the normal form: open-iscsi finds a record only under that very text */
  readonly spelling?: string;
  readonly filePath: string;
}

export interface ScsiDevice {
  readonly hctl: Hctl;
  readonly lun: number;
  /** iSCSI session that it hangs under */
  readonly sid: number;
  /** sysfs `device/state`: running, blocked, transport-offline, offline, ... */
  readonly state: string;
  /** sysfs `device/wwid`: the identity as the kernel cached it when it found the device, not as it is now */
  readonly cachedWwid: Wwid | null;
  /** SCSI peripheral device type; 0 is a disk */
  readonly type: number;
  readonly vendor: string;
  readonly model: string;
  readonly block: BlockDevice | null;
}

/** A SCSI device of which only the place is known. */
export interface Neighbour {
  readonly sid: number;
  readonly hctl: string;
}

export interface BlockDevice {
  /** kernel name, such as sdb or dm-0 */
  readonly name: string;
  /** major:minor */
  readonly dev: string;
  readonly sizeBytes: number;
  readonly readOnly: boolean;
  /** kernel names of devices that are stacked on it (dm, md, bcache); from `holders/` */
  readonly holders: readonly string[];
  /** partitions, with their own holders */
  readonly partitions: readonly Partition[];
}

export interface Partition {
  readonly name: string;
  readonly dev: string;
  readonly holders: readonly string[];
}

export interface DmDevice {
  /** kernel name dm-N */
  readonly name: string;
  readonly dev: string;
  /** dm/name: WWID or alias */
  readonly dmName: string;
  /** dm/uuid, such as `mpath-3600...`, `part1-mpath-...`, `CRYPT-LUKS2-...`, `LVM-...` */
  readonly dmUuid: string;
  /** the WWID behind `mpath-`, only for a multipath map */
  readonly mapWwid: Wwid | null;
  readonly suspended: boolean;
  readonly sizeBytes: number;
  readonly readOnly: boolean;
  readonly slaves: readonly string[];
  readonly holders: readonly string[];
  /** dmsetup's open count; null when it could not be learnt */
  readonly openCount: number | null;
  /** paths as the kernel's multipath target shows them; empty for other targets, null when it was not asked */
  readonly mapPaths: readonly { readonly dev: string; readonly active: boolean }[] | null;
}

export interface Mount {
  /** major:minor of the mounted file system; an anonymous number for btrfs, so compare `source` too */
  readonly dev: string;
  readonly source: string;
  readonly mountPoint: string;
  readonly fsType: string;
  /** a process in whose mount namespace it is; absent when process 1 sees it too */
  readonly pid?: number;
}

/**
 * From `/sys/fs`: a superblock on a device. It is there as long as any mount namespace mounts it, and after a lazy unmount
 * as long as a file on it is open, when no mountinfo shows it any more.
 */
export interface HeldFileSystem {
  readonly fsType: string;
  /** kernel name of the block device; btrfs has one entry for each of its devices */
  readonly device: string;
}

export interface LoopDevice {
  readonly name: string;
  /** what it was set up with: a device path, or a file */
  readonly backingPath: string;
}

export interface SwapArea {
  readonly devicePath: string;
}

export interface MultipathdState {
  readonly usable: boolean;
  /** kernel names of the paths that it tracks; null when it could not be asked */
  readonly paths: readonly string[] | null;
}
