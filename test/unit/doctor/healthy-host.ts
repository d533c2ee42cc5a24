import type { HostFacts } from '../../../src/doctor/host-facts.js';
import type { RecordSettings } from '../../../src/linux/iscsid-settings.js';
import { parseHctl, parseIqn, parsePortal, parseWwid } from '../../../src/linux/identifiers.js';
import { NEEDED_TOOLS } from '../../../src/linux/installed-tools.js';
import { parseMultipathConfig, type MultipathSection } from '../../../src/linux/multipath-settings.js';
import type { DmDevice, IscsiSession, ScsiDevice } from '../../../src/linux/storage-state.js';

export const TARGET = parseIqn('iqn.2010-10.org.example:array');
const PORTALS = [parsePortal('10.1.0.1'), parsePortal('10.2.0.1')] as const;
const WWID = parseWwid('36001405d70aba290f7444508e32cc5b2');

/** What multipathd says on a host that is set up well; lines are added to, or put in the place of, those of `defaults`. */
export function multipathConfig(defaults: Readonly<Record<string, string>> = {}, rest = ''): MultipathSection {
  const settings = {
    find_multipaths: 'yes',
    user_friendly_names: 'no',
    flush_on_last_del: 'no',
    fast_io_fail_tmo: '5',
    dev_loss_tmo: '600',
    no_path_retry: '12',
    skip_kpartx: 'no',
    recheck_wwid: 'yes',
    ...defaults,
  };
  const lines = Object.entries(settings).map(([name, value]) => `${name} "${value}"`);
  const config = parseMultipathConfig(`defaults {\n${lines.join('\n')}\n}\n${rest}`);
  if (config === null) throw new Error('the test wrote no multipath configuration');
  return config;
}

export function session(sid: 1 | 2, change: Partial<IscsiSession> = {}): IscsiSession {
  const portal = PORTALS[sid - 1] ?? null;
  return {
    sid,
    targetName: TARGET,
    state: 'LOGGED_IN',
    iface: 'default',
    scsiHost: sid,
    portal,
    currentPortal: portal,
    ...change,
  };
}

export function disk(sid: 1 | 2): ScsiDevice {
  const name = sid === 1 ? 'sda' : 'sdb';
  const block = { name, dev: `8:${sid * 16}`, sizeBytes: 1024, readOnly: false, holders: ['dm-0'], partitions: [] };
  return {
    hctl: parseHctl(`${sid}:0:0:1`),
    lun: 1,
    sid,
    state: 'running',
    cachedWwid: WWID,
    type: 0,
    vendor: 'LIO-ORG ',
    model: 'IBLOCK          ',
    block,
  };
}

export function map(change: Partial<DmDevice> = {}): DmDevice {
  return {
    name: 'dm-0',
    dev: '254:0',
    dmName: WWID,
    dmUuid: `mpath-${WWID}`,
    mapWwid: WWID,
    suspended: false,
    sizeBytes: 1024,
    readOnly: false,
    slaves: ['sda', 'sdb'],
    holders: [],
    openCount: null,
    mapPaths: [
      { dev: '8:16', active: true },
      { dev: '8:32', active: true },
    ],
    ...change,
  };
}

export function record(sid: 1 | 2, settings: Readonly<Record<string, string>> = {}): RecordSettings {
  const portal = PORTALS[sid - 1] ?? PORTALS[0];
  const filePath = `/etc/iscsi/nodes/${TARGET}/${portal.replace(':', ',')}`;
  return { targetName: TARGET, portal, filePath, settings: new Map(Object.entries(settings)) };
}

/** One volume with two live paths in a map, and nothing to complain about. */
export const HEALTHY: HostFacts = {
  expectsMultipath: true,
  sessions: [session(1), session(2)],
  scsiDevices: [disk(1), disk(2)],
  dmDevices: [map()],
  initiatorName: parseIqn('iqn.2004-10.org.example:host1'),
  iscsid: {
    defaults: conf(),
    records: [record(1, { 'node.startup': 'manual' }), record(2, { 'node.startup': 'manual' })],
    emptyRecords: [],
    listening: true,
  },
  multipath: { running: true, config: multipathConfig() },
  health: {
    effectiveUid: 0,
    memory: { totalKiB: 1000, availableKiB: 500 },
    memoryStallPercent: 0,
    swappedPages: 7,
    bootedAtSeconds: 1_700_000_000,
    interruptedSeconds: new Map([[0, 100]]),
    taint: 0,
    hungTasks: 0,
    kernel: '6.1.0-56-amd64',
    identities: { machineId: 'm1', bootId: 'b1', hostNqn: 'nqn.2014-08.org.example:1', nvmeHostId: 'h1' },
    recoveryTimeouts: new Map([
      [1, 5],
      [2, 5],
    ]),
  },
  processes: { blocked: [], iscsidRuns: true },
  tools: new Set(NEEDED_TOOLS.map(({ name }) => name)),
  versions: { openIscsi: [2, 1, 11], multipathTools: [0, 14, 3] },
  swappedPages: 0,
  uptimeSeconds: 1000,
  clock: { offsetMs: 300, errorMs: 510 },
  unknowns: [],
};

/** iscsid.conf with these lines in the place of, or beside, good ones. */
export function conf(change: Readonly<Record<string, string>> = {}): ReadonlyMap<string, string> {
  return new Map(
    Object.entries({
      'iscsid.safe_logout': 'Yes',
      'node.startup': 'manual',
      'node.session.scan': 'manual',
      'node.session.timeo.replacement_timeout': '5',
      'node.session.initial_login_retry_max': '2',
      ...change,
    }),
  );
}
