import { dmDevicesFact } from '../../linux/dm-devices.js';
import { loginArgv, newNodeArgv } from '../../linux/iscsiadm.js';
import { liveIdentityRequest } from '../../linux/live-identity.js';
import { mountsFact } from '../../linux/mounts.js';
import { multipathdFact } from '../../linux/multipathd.js';
import { nodeRecordsFact } from '../../linux/node-records.js';
import { processStatesFact } from '../../linux/process-states.js';
import type { BlockDevice, DmDevice, IscsiSession, NodeRecord, ScsiDevice } from '../../linux/storage-state.js';
import { type AllowedCommand, allowedForm, commandsOf, formsBeyond, sample } from '../allow-list.js';
import type { Step } from '../engine/step.js';
import {
  DM_NAME,
  DISK,
  HCTL,
  IFACE,
  MAP,
  MAP_NAME,
  PORTAL,
  RECORD,
  RECORD_FILE,
  SCSI_HOST,
  SID,
  SLOTS,
  TARGET,
  WWID,
} from './allow-list-samples.js';
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
  return formsBeyond(
    [],
    [
      ...plain,
      allowedForm(records, SLOTS, `( ${RECORD})+`),
      allowedForm(mounts, SLOTS, String.raw`( /proc/[0-9]+/mountinfo)*`),
      allowedForm(processes, SLOTS, String.raw`( /proc/[0-9]+/stat)*`),
      allowedForm(mountsOf, SLOTS, String.raw`( /sys/[A-Za-z0-9:_/-]+| /proc/[0-9]+/mountinfo)*`),
      ...dmsetup.map((argv) => allowedForm(argv, SLOTS, `( ${DM_NAME})*`)),
    ],
  );
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
