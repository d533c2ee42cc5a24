import { multipathMapsOf, usesOf } from '../../../src/linux/block-stack.js';
import { bootTargetsFact } from '../../../src/linux/boot-targets.js';
import { dmDevicesFact } from '../../../src/linux/dm-devices.js';
import type { Fact } from '../../../src/linux/fact.js';
import { heldDevicesFact } from '../../../src/linux/held-devices.js';
import { hostHealthFact } from '../../../src/linux/host-health.js';
import { initiatorNameFact } from '../../../src/linux/initiator-name.js';
import { iscsidSettingsFact } from '../../../src/linux/iscsid-settings.js';
import { iscsiSessionsFact } from '../../../src/linux/iscsi-sessions.js';
import { liveIdentityRequest, parseLiveIdentity } from '../../../src/linux/live-identity.js';
import { mountsFact } from '../../../src/linux/mounts.js';
import { multipathSettingsFact } from '../../../src/linux/multipath-settings.js';
import { multipathdFact } from '../../../src/linux/multipathd.js';
import { nodeRecordsFact } from '../../../src/linux/node-records.js';
import { processStatesFact } from '../../../src/linux/process-states.js';
import { scsiDevicesFact } from '../../../src/linux/scsi-devices.js';
import { storageFact } from '../../../src/linux/storage-observation.js';
import { swapsFact } from '../../../src/linux/swaps.js';
import type { CaseFile } from './case-files.js';
import { repliesOf } from './case-host.js';

const learn =
  (fact: Fact<unknown>) =>
  (content: CaseFile): unknown =>
    fact.parse(repliesOf(content, fact.requests));

/** Maps as objects, so that a case can say what is in them. */
function plain(value: unknown): unknown {
  const asObject = (_: string, part: unknown): unknown => {
    return part instanceof Map ? Object.fromEntries(part as ReadonlyMap<string, unknown>) : part;
  };
  return JSON.parse(JSON.stringify(value, asObject)) as unknown;
}

/** What is made of a case, by the folder that it is in. */
export const SUBJECTS: Readonly<Record<string, (content: CaseFile) => unknown>> = {
  'iscsi-sessions': learn(iscsiSessionsFact()),
  'node-records': learn(nodeRecordsFact()),
  'scsi-devices': learn(scsiDevicesFact()),
  'dm-devices': learn(dmDevicesFact({ withOpenCounts: true, withMapPaths: true })),
  mounts: learn(mountsFact()),
  swaps: learn(swapsFact()),
  'held-devices': learn(heldDevicesFact()),
  multipathd: learn(multipathdFact()),
  'initiator-name': learn(initiatorNameFact()),
  'boot-targets': learn(bootTargetsFact()),
  storage: learn(storageFact()),
  'doctor-iscsid-settings': (content) => plain(learn(iscsidSettingsFact())(content)),
  'doctor-multipath-settings': learn(multipathSettingsFact()),
  'doctor-process-states': learn(processStatesFact()),
  'doctor-host-health': (content) => plain(learn(hostHealthFact())(content)),
  'live-identity': (content) => parseLiveIdentity(repliesOf(content, [liveIdentityRequest('sda')])[0]),
  'in-use': (content) => {
    const { names = [], ownMaps = [] } = (content.given ?? {}) as { names?: string[]; ownMaps?: string[] };
    const state = storageFact().parse(repliesOf(content, storageFact().requests));
    const maps = multipathMapsOf(state, names).map((map) => map.name);
    return { maps, uses: usesOf(state, names, ownMaps).map(({ kind, device, by }) => `${kind} ${device}: ${by}`) };
  },
};
