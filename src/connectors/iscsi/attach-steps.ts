import { LongshoreError } from '../../errors/longshore-error.js';
import { loginArgv, newNodeArgv } from '../../linux/iscsiadm.js';
import { type IfaceName, type Portal, portalAddress, portalPort, type Wwid } from '../../linux/identifiers.js';
import { RECORD_MARKS } from '../../linux/node-records.js';
import type { IscsiSession, NodeRecord, ScsiDevice } from '../../linux/storage-state.js';
import { Secret } from '../../secrets/secret.js';
import type { LaneReply, LaneRequest, WaitRequest } from '../../transport/executor.js';
import { failedAt, replyError } from '../engine/judge.js';
import type { Step, StepVerdict } from '../engine/step.js';
import { type ChapCredentials, chapSettings } from './credentials.js';
import type { TargetTriple } from './goal.js';
import { loginVerdict } from './login-verdict.js';
import { diskPattern } from './observation.js';
import { diskName } from './volume-view.js';

/** Steps that write open-iscsi's node database run in series: two at once race (open-iscsi 2.1.8, measured). */
export const NODE_DATABASE_LANE = 'node database';

/** How long a disk may take from the scan to its entry in sysfs, ms. */
const DISK_APPEARS_MS = 15_000;
/** How long udev and multipathd may take to put a new disk into a map, ms. */
const MAP_APPEARS_MS = 10_000;
/** The same for a lone path, for which multipathd may well not make a map by itself, ms. */
const LONE_MAP_APPEARS_MS = 2000;
/** Longest an iscsiadm login may take on the host, ms: the record's own limits end it well before. */
const LOGIN_MS = 60_000;

export const stepId = {
  record: (triple: TargetTriple): string => `record ${triple.portal}`,
  login: (triple: TargetTriple): string => `login ${triple.portal}`,
  scan: (triple: TargetTriple, session: IscsiSession): string =>
    `scan LUN ${triple.lun} via ${triple.portal}${session.sid === 0 ? '' : ` sid ${session.sid}`}`,
  map: (wwid: Wwid): string => `map ${wwid}`,
};

/**
 * Settings that every record needs which Longshore logs in with. Manual scan: only the wanted LUN appears; manual start-up: a
 * reboot does not bring back a volume that moved (S26). The two limits end the login through a dead portal after
 * about 10 s instead of 120 s.
 */
const NEW_RECORD_SETTINGS = [
  ['node.startup', 'manual'],
  ['node.session.scan', 'manual'],
  ['node.session.initial_login_retry_max', '1'],
  ['node.conn[0].timeo.login_timeout', '10'],
] as const;

/**
 * Makes or completes the node record; `isOurs`: an attach has made it, and did not get to mark it. The settings are appended to the record's file
 * by way of stdin: of a name that stands twice, open-iscsi takes the last (2.1.8), one write(2) with O_APPEND cannot tear the record, and the secret
 * never is an argument of a process.
 * A mark comes first, so that a detach knows what to delete and where to cut off what was added.
 */
export function recordStep(
  triple: TargetTriple,
  record: NodeRecord | null,
  chap: ChapCredentials | null,
  iface: IfaceName | null,
  isOurs = record === null,
): Step {
  const { portal, targetName } = triple;
  const settings: (readonly [string, string])[] = isOurs ? [...NEW_RECORD_SETTINGS] : [];
  if (record !== null && !isOurs && record.scan !== 'manual') settings.push(['node.session.scan', 'manual']);
  if (chap !== null) settings.push(...chapSettings('node.session.auth', chap));
  const mark = isOurs ? [RECORD_MARKS.made] : record?.mark === undefined ? [RECORD_MARKS.used] : [];
  const lines = [...mark, ...settings.map(([name, value]) => `${name} = ${value}`)].map((line) => `${line}\n`).join('');
  const requests: LaneRequest[] = [];
  const by = iface === null ? {} : { iface };
  if (record === null)
    requests.push({ kind: 'run', argv: newNodeArgv({ targetName, portal, ...by }), boundsItself: true });
  requests.push({
    kind: 'write',
    append: true,
    filePath: record?.filePath ?? newRecordFiles(triple, iface),
    content: new Secret(lines),
  });
  return {
    id: stepId.record(triple),
    what: `${record === null ? 'create' : 'complete'} the node record of ${targetName} at ${portal}${chap === null ? '' : ' with CHAP'}`,
    changes: [`node record of ${targetName} at ${portal}`],
    after: [],
    lane: NODE_DATABASE_LANE,
    requests,
    main: 0,
  };
}

/**
 * Where iscsiadm puts a new record while the tpgt is not known: a file named after the portal, below `/etc/iscsi` (open-iscsi 2.1 on
 * Debian) or `/var/lib/iscsi` (on Fedora, and later versions). With an interface it may also be a file of that name in the portal's directory.
 */
function newRecordFiles({ targetName, portal }: TargetTriple, iface: IfaceName | null): readonly string[] {
  return ['/etc/iscsi/nodes', '/var/lib/iscsi/nodes'].flatMap((base) => {
    const place = `${base}/${targetName}/${portalAddress(portal)},${portalPort(portal)}`;
    return iface === null ? [place] : [place, `${place},-1/${iface}`];
  });
}

/** How the logins of one attach go. */
export interface LoginWay {
  readonly iface: IfaceName | null;
  /** the target has to show a secret as well */
  readonly mutual: boolean;
  /** time left to wait for anything, ms; null: as long as it takes */
  readonly patienceMs: number | null;
}

/** A wait, cut to the time that an attach still has. */
function within(ms: number, patienceMs: number | null): number {
  return patienceMs === null ? ms : Math.min(ms, Math.max(1000, patienceMs));
}

/** Logs in through one portal. `after` and `lane` are the planner's: a first login with a secret goes alone. */
export function loginStep(
  triple: TargetTriple,
  record: NodeRecord | null,
  way: LoginWay,
  after: readonly string[],
  lane?: string,
): Step {
  const { portal, targetName } = triple;
  const node = { targetName, portal: (record?.spelling ?? portal) as Portal };
  const request: LaneRequest = {
    kind: 'run',
    argv: loginArgv(way.iface === null ? node : { ...node, iface: way.iface }),
    timeoutMs: within(LOGIN_MS, way.patienceMs),
    okExits: [0, 15],
  };
  return {
    id: stepId.login(triple),
    what: `log in to ${targetName} at ${portal}`,
    changes: [`session of ${targetName} at ${portal}`],
    after,
    ...(lane === undefined ? {} : { lane }),
    requests: [request],
    main: 0,
    judge: ([reply]) => loginVerdict(stepId.login(triple), triple, request, reply, way.mutual),
  };
}

/** A session to scan on, and the kernel's number of its host. */
export interface ScanTarget {
  readonly triple: TargetTriple;
  readonly session: IscsiSession;
  readonly scsiHost: number;
}

/** Scans for exactly one LUN on one session, and waits on the host until its disk is there. */
export function scanStep(target: ScanTarget, patienceMs: number | null = null): Step {
  const { triple, session, scsiHost } = target;
  const id = stepId.scan(triple, session);
  const requests: LaneRequest[] = [
    sessionGuard(session),
    { kind: 'write', filePath: `/sys/class/scsi_host/host${scsiHost}/scan`, content: `- - ${triple.lun}` },
    {
      kind: 'wait',
      present: [diskPattern(target.session.sid, target.triple.lun)],
      timeoutMs: within(DISK_APPEARS_MS, patienceMs),
    },
  ];
  const what = `scan LUN ${triple.lun} of ${triple.targetName} at ${triple.portal}`;
  return {
    id,
    what,
    changes: [`device of LUN ${triple.lun} via ${triple.portal}`],
    after: [],
    lane: id,
    requests,
    main: 1,
    judge: (replies) => scanVerdict(id, what, triple, requests, replies),
  };
}

/**
 * Waits, in the lane of the first scan, until multipathd has all the new disks in a map. That it does not come is not a failure: the next
 * plan sees it and registers the volume by hand. One lane waits for all: each look costs a process on the host.
 */
export function mapWaitStep(
  targets: readonly ScanTarget[],
  expectedPaths: number,
  patienceMs: number | null = null,
): Step | null {
  const [first] = targets;
  if (first === undefined) return null;
  const scan = stepId.scan(first.triple, first.session);
  return {
    id: `map after ${scan}`,
    what: 'wait until multipathd has the new disks in a map',
    changes: ['map'],
    after: [scan],
    lane: scan,
    requests: [
      {
        kind: 'wait',
        present: targets.map((target) => `${diskPattern(target.session.sid, target.triple.lun)}/holders/dm-*`),
        timeoutMs: within(expectedPaths > 1 ? MAP_APPEARS_MS : LONE_MAP_APPEARS_MS, patienceMs),
      },
    ],
    main: 0,
    endsLast: true,
    judge: () => ({ ok: true }),
  };
}

/** The session is still the one that was observed, and logged in. */
export function sessionGuard(session: IscsiSession): WaitRequest {
  const base = `/sys/class/iscsi_session/session${session.sid}`;
  return {
    kind: 'wait',
    contents: [
      { filePath: `${base}/targetname`, values: [session.targetName] },
      { filePath: `${base}/state`, values: ['LOGGED_IN'] },
    ],
    timeoutMs: 0,
  };
}

function scanVerdict(
  id: string,
  what: string,
  triple: TargetTriple,
  requests: readonly LaneRequest[],
  replies: readonly LaneReply[],
): StepVerdict {
  const index = failedAt(replies);
  if (index === -1) return { ok: true };
  if (index === 2) {
    const error = new LongshoreError(
      'E_DEVICE_NOT_FOUND',
      `no disk appeared for LUN ${triple.lun} of ${triple.targetName} at ${triple.portal}`,
      { step: id, remedy: 'check that the volume is mapped to this initiator at that LUN on the array' },
    );
    return { ok: false, error, weight: 'retry' };
  }
  return { ok: false, error: replyError(id, what, requests[index], replies[index]), weight: 'retry' };
}

/**
 * Makes multipathd take a proven volume: registers its WWID, which also gives a single path a map, and offers it the
 * paths. Judged by the map alone, since the tools' sentences differ between versions.
 */
export function mapStep(wwid: Wwid, disks: readonly ScsiDevice[]): Step {
  const names = disks.map(diskName);
  const requests: LaneRequest[] = [
    // the names still mean the disks that have been asked (rule S4)
    {
      kind: 'wait',
      present: disks.map((device) => `/sys/class/scsi_device/${device.hctl}/device/block/${diskName(device)}`),
      timeoutMs: 0,
    },
    { kind: 'run', argv: ['multipath', '-a', wwid], timeoutMs: 30_000, okExits: 'any' },
    ...names.map((name): LaneRequest => ({
      kind: 'run',
      argv: ['multipathd', 'add', 'path', `/dev/${name}`],
      timeoutMs: 10_000,
      okExits: 'any',
    })),
    { kind: 'wait', present: names.map((name) => `/sys/block/${name}/holders/dm-*`), timeoutMs: MAP_APPEARS_MS },
  ];
  const id = stepId.map(wwid);
  return {
    id,
    what: `have multipathd take ${names.join(', ')} into the map of ${wwid}`,
    changes: [`map ${wwid}`],
    after: [],
    requests,
    main: 1,
    maxAttempts: 2,
    judge: (replies) =>
      failedAt(replies) === -1
        ? { ok: true }
        : {
            ok: false,
            error: new LongshoreError(
              'E_MULTIPATH_UNUSABLE',
              `multipathd made no map of ${wwid} over ${names.join(', ')}`,
              {
                step: id,
                remedy:
                  'look at find_multipaths and the blacklist in /etc/multipath.conf, and at the log of multipathd',
              },
            ),
            weight: 'retry',
          },
  };
}
