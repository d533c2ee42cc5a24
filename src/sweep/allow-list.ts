import {
  type AllowedCommand,
  allowedForm,
  commandsOf,
  formsBeyond,
  sample,
  type Slots,
} from '../connectors/allow-list.js';
import { iscsiAllowList } from '../connectors/iscsi/allow-list.js';
import {
  DISK,
  DM_NAME,
  HCTL,
  IFACE,
  MAP,
  MAP_NAME,
  PORTAL,
  RECORD_FILE,
  SID,
  SLOTS,
  TARGET,
  WWID,
} from '../connectors/iscsi/allow-list-samples.js';
import { PRIVATE_LINKS } from '../connectors/iscsi/private-link.js';
import { configuredDevicesFact } from '../linux/configured-devices.js';
import { dmDependenciesFact } from '../linux/dm-dependencies.js';
import { fileSystemIdsFact } from '../linux/file-system-ids.js';
import type { BlockDevice, DmDevice, IscsiSession, NodeRecord, ScsiDevice } from '../linux/storage-state.js';
import { removalStep } from './removal-steps.js';
import type { DeadDisk, Removal } from './sweep-object.js';
import { supportRequest } from './unit-answers.js';

const LINK = PRIVATE_LINKS.replace('*', 'sample');
/** `RECORD_FILE` as a name in the quarantine directory */
const PUT_ASIDE = RECORD_FILE.replace('/', '').replaceAll('/', '+');

const SWEEP_SLOTS: Slots = {
  ...SLOTS,
  // LVM's names have a `+` where a name has one itself
  [MAP_NAME]: DM_NAME,
  // one name below the directory
  [LINK]: `${PRIVATE_LINKS.replace('*', '').replace('+', String.raw`\+`)}[A-Za-z0-9+_.:-]+`,
  [PUT_ASIDE]: String.raw`(etc|var\+lib)\+iscsi\+nodes(\+[A-Za-z0-9:][A-Za-z0-9.:,_%-]*)+`,
};

/** What an audit asks as root beyond what `iscsiAllowList` has: nothing of it changes a host. */
export function auditAllowList(): readonly AllowedCommand[] {
  const [configured = []] = commandsOf(configuredDevicesFact().requests);
  const [fileSystems = []] = commandsOf(fileSystemIdsFact().requests);
  const plain = commandsOf([...dmDependenciesFact().requests, supportRequest(HCTL)]);
  return [
    ...plain.map((argv) => allowedForm(argv, { ...SWEEP_SLOTS, '{}': 'sd[a-z]+' })),
    allowedForm(configured, SWEEP_SLOTS, '( /etc/crypttab)?( /etc/fstab)?'),
    allowedForm(fileSystems, SWEEP_SLOTS, '( /run/udev/data/b[0-9]+:[0-9]+)*'),
  ];
}

/** What removals run as root beyond `iscsiAllowList` and `auditAllowList`, taken from the steps themselves. */
export function sweepAllowList(): readonly AllowedCommand[] {
  const forms = removals()
    .flatMap((removal) => commandsOf(removalStep('sample', 'sample', removal, true).requests))
    .map((argv) => allowedForm(argv, SWEEP_SLOTS));
  return formsBeyond([...iscsiAllowList(), ...auditAllowList()], forms);
}

/** Each kind of object, in each form that makes other commands. */
function removals(): readonly Removal[] {
  const device = sample<ScsiDevice>({
    hctl: HCTL,
    sid: SID,
    block: sample<BlockDevice>({ name: DISK }),
    cachedWwid: WWID,
  });
  const disk: DeadDisk = { device, evidence: { kind: 'not-supported', exit: 5 } };
  const dm = (dmUuid: string): DmDevice => sample<DmDevice>({ name: MAP, dmName: MAP_NAME, dmUuid });
  const stacked = { gone: [], on: [], disks: [disk] };
  const record = sample<NodeRecord>({ targetName: TARGET, portal: PORTAL, iface: 'default', filePath: RECORD_FILE });
  return [
    { kind: 'mapping', dm: dm('CRYPT-LUKS2-sample'), ...stacked },
    { kind: 'mapping', dm: dm('LVM-sample'), ...stacked },
    { kind: 'map', dm: dm('mpath-sample'), gone: [], disks: [disk] },
    { kind: 'device', disk },
    {
      kind: 'session',
      session: sample<IscsiSession>({ sid: SID, targetName: TARGET, portal: PORTAL, state: 'FAILED' }),
    },
    { kind: 'record', record: { ...record, mark: 'made' } },
    { kind: 'record', record: { ...record, mark: 'made', iface: IFACE } },
    { kind: 'record', record: { ...record, mark: 'used' } },
    { kind: 'sick-record', filePath: RECORD_FILE },
    { kind: 'link', linkPath: LINK, target: '/dev/sample' },
  ];
}
