import { dmDevicesFact } from '../../linux/dm-devices.js';
import type { Hctl, IfaceName, Iqn, Portal, Wwid } from '../../linux/identifiers.js';
import { loginArgv, newNodeArgv } from '../../linux/iscsiadm.js';
import { liveIdentityRequest } from '../../linux/live-identity.js';
import { mountsFact } from '../../linux/mounts.js';
import { multipathdFact } from '../../linux/multipathd.js';
import { nodeRecordsFact } from '../../linux/node-records.js';
import { processStatesFact } from '../../linux/process-states.js';
import type { BlockDevice, DmDevice, IscsiSession, NodeRecord, ScsiDevice } from '../../linux/storage-state.js';
import { type AllowedCommand, allowedForm, commandsOf, type Slots } from '../allow-list.js';
import type { Step } from '../engine/step.js';
import { mapStep, scanStep } from './attach-steps.js';
import {
  discardMapStep,
  endRecordStep,
  flushMapStep,
  logoutStep,
  type ProvenDisk,
  removeDiskStep,
} from './detach-steps.js';
import { recoveryStep } from './detach-recovery.js';
import { forgetStep } from './forget-step.js';
import { directRead } from './observation.js';
import { markStep, unmarkStep } from './unwritten-mark.js';

/** Where names are that only root can list: open-iscsi makes its directories so. */
export const ISCSI_PRIVATE_DIRECTORIES = ['/etc/iscsi/nodes', '/var/lib/iscsi/nodes'] as const;

/** Prints the path of everything in them. */
export const ISCSI_LISTING = ['find', ...ISCSI_PRIVATE_DIRECTORIES, '-mindepth', '1'] as const;

// Samples that go through the connector's own makers of commands, and come out as expressions.
const TARGET = 'iqn.2000-01.sample:target' as Iqn;
const PORTAL = 'portal.sample:3260' as Portal;
const IFACE = 'iface.sample' as IfaceName;
const DISK = 'sdsample';
const MAP = 'dm-sample';
const MAP_NAME = 'map.sample';
const WWID = '3wwid.sample' as Wwid;
const HCTL = '987654:0:0:987654' as Hctl;
const SID = 987_651;
const SCSI_HOST = 987_652;
const RECORD_FILE = '/etc/iscsi/nodes/record.sample';

const NAME = '[A-Za-z0-9_][A-Za-z0-9_.:-]*';
/** below the directories, and never above: no part begins with a dot */
const RECORD = String.raw`/(etc|var/lib)/iscsi/nodes(/[A-Za-z0-9:][A-Za-z0-9.:,_%-]*)+`;
const NUMBER = '[0-9]+';
const DM_NAME = '[A-Za-z0-9_][A-Za-z0-9_.:+-]*';

const SLOTS: Slots = {
  [TARGET]: String.raw`(iqn|eui|naa)\.[a-z0-9.:_-]+`,
  [PORTAL]: String.raw`(\[[0-9A-Fa-f:.]+\]|[A-Za-z0-9][A-Za-z0-9.-]*):[0-9]+`,
  [IFACE]: NAME,
  [DISK]: 'sd[a-z]+',
  [MAP]: 'dm-[0-9]+',
  // `dd` finds the name on the host
  '{}': '(sd[a-z]+|dm-[0-9]+)',
  [MAP_NAME]: NAME,
  [WWID]: NAME,
  [HCTL]: '[0-9]+:[0-9]+:[0-9]+:[0-9]+',
  [String(SID)]: NUMBER,
  [`host${SCSI_HOST}`]: 'host[0-9]+',
  [RECORD_FILE]: RECORD,
};

/**
 * The commands that attach, detach, extend and status run as root, taken from the functions that make them. Not among them: targets that
 * are to be discovered first, links of the volume's own, and access modes.
 */
export function iscsiAllowList(): readonly AllowedCommand[] {
  const plain = [
    ISCSI_LISTING,
    ...commandsOf([...multipathdFact().requests, liveIdentityRequest(DISK), directRead([])]),
    newNodeArgv({ targetName: TARGET, portal: PORTAL }),
    newNodeArgv({ targetName: TARGET, portal: PORTAL, iface: IFACE }),
    loginArgv({ targetName: TARGET, portal: PORTAL }),
    loginArgv({ targetName: TARGET, portal: PORTAL, iface: IFACE }),
    ...steps().flatMap((step) => commandsOf(step.requests)),
    ['tee', '-a', RECORD_FILE],
    ['tee', `/sys/class/scsi_device/${HCTL}/device/rescan`],
    ['multipathd', 'resize', 'map', MAP],
  ].map((argv) => allowedForm(argv, SLOTS));
  const [records = []] = commandsOf(nodeRecordsFact().requests);
  const [mounts = []] = commandsOf(mountsFact().requests);
  const [processes = []] = commandsOf(processStatesFact().requests);
  const [mountsOf = []] = commandsOf(mountsFact('{block}').requests);
  const dmsetup = commandsOf(dmDevicesFact({ withOpenCounts: true, withMapPaths: true }).requests);
  const all = [
    ...plain,
    allowedForm(records, SLOTS, `( ${RECORD})+`),
    allowedForm(mounts, SLOTS, String.raw`( /proc/[0-9]+/mountinfo)*`),
    allowedForm(processes, SLOTS, String.raw`( /proc/[0-9]+/stat)*`),
    allowedForm(mountsOf, SLOTS, String.raw`( /sys/[A-Za-z0-9:_/-]+| /proc/[0-9]+/mountinfo)*`),
    ...dmsetup.map((argv) => allowedForm(argv, SLOTS, `( ${DM_NAME})*`)),
  ];
  return [...new Map(all.map((one) => [`${one.program} ${one.words}`, one])).values()];
}

/** Every step of the connector that changes something, for samples. */
function steps(): readonly Step[] {
  const device = sample<ScsiDevice>({
    hctl: HCTL,
    sid: SID,
    block: sample<BlockDevice>({ name: DISK }),
    cachedWwid: null,
  });
  const disk: ProvenDisk = { device, live: true };
  const map = sample<DmDevice>({ name: MAP, dmName: MAP_NAME, dmUuid: `mpath-${WWID}` });
  const session = sample<IscsiSession>({ sid: SID, targetName: TARGET, portal: PORTAL });
  const record = sample<NodeRecord>({ targetName: TARGET, portal: PORTAL, iface: 'default', filePath: RECORD_FILE });
  const triple = { targetName: TARGET, portal: PORTAL, lun: 1 };
  return [
    scanStep({ triple, session, scsiHost: SCSI_HOST }),
    mapStep(WWID, [device]),
    flushMapStep(map, WWID, [disk], true, false),
    discardMapStep(map),
    removeDiskStep(disk, { wwid: WWID, flush: true, force: false, after: [] }),
    recoveryStep('sample', device, map),
    forgetStep([DISK], [], 'tell'),
    markStep(WWID, new Error('sample')),
    unmarkStep(WWID),
    logoutStep(session, []),
    endRecordStep(record, []),
    endRecordStep({ ...record, iface: IFACE }, []),
    endRecordStep({ ...record, mark: 'used' }, []),
  ];
}

/** What the makers of commands look at; they touch nothing else of it. */
function sample<T extends object>(known: Partial<T>): T {
  return known as T;
}
