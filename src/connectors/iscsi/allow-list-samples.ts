import type { Hctl, IfaceName, Iqn, Portal, Wwid } from '../../linux/identifiers.js';
import type { Slots } from '../allow-list.js';

// Samples that go through the makers of commands, and come out as expressions.
export const TARGET = 'iqn.2000-01.sample:target' as Iqn;
export const PORTAL = 'portal.sample:3260' as Portal;
export const IFACE = 'iface.sample' as IfaceName;
export const DISK = 'sdsample';
export const MAP = 'dm-sample';
export const MAP_NAME = 'map.sample';
export const WWID = '3wwid.sample' as Wwid;
export const HCTL = '987654:0:0:987654' as Hctl;
export const SID = 987_651;
export const SCSI_HOST = 987_652;
export const RECORD_FILE = '/etc/iscsi/nodes/record.sample';

const NAME = '[A-Za-z0-9_][A-Za-z0-9_.:-]*';
/** below the directories, and never above: no part begins with a dot */
export const RECORD = String.raw`/(etc|var/lib)/iscsi/nodes(/[A-Za-z0-9:][A-Za-z0-9.:,_%-]*)+`;
const NUMBER = '[0-9]+';
export const DM_NAME = '[A-Za-z0-9_][A-Za-z0-9_.:+-]*';

/** What each sample stands for. */
export const SLOTS: Slots = {
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
