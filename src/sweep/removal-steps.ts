import { endRecordStep, logoutStep } from '../connectors/iscsi/detach-steps.js';
import type { Step } from '../connectors/engine/step.js';
import type { DmDevice } from '../linux/storage-state.js';
import type { LaneRequest } from '../transport/executor.js';
import { noRecordRequest, RECORD_MARKS } from '../linux/node-records.js';
import { removalVerdict } from './removal-verdict.js';
import type { DeadDisk, Removal } from './sweep-object.js';
import { identityRequest, supportRequest } from './unit-answers.js';

/** Where sick node records are moved, on the host; for root alone. */
export const QUARANTINE_DIRECTORY = '/var/lib/longshore/quarantine';

/** How long a removal may take, ms: a path that has just failed leaves the kernel only when its error handling is through. */
const CHANGE_MS = 60_000;
const GONE_MS = 30_000;

/**
 * The one change that removes an object, with its identity and evidence read again in the same sequence right before it, and a bounded wait for it to
 * be gone after it (rules S2, S10). All of them run one after the other: what is taken down first may hold what comes next.
 */
export function removalStep(key: string, title: string, removal: Removal, multipathdRuns: boolean): Step {
  const { guards, changes, gone: absent, what } = partsOf(removal, title);
  const gone = removal.kind === 'device' && multipathdRuns ? [...absent, forgotten(removal.disk)] : absent;
  const requests = [...guards, ...changes, ...gone];
  const main = guards.length + changes.length - 1;
  return {
    id: stepId(key),
    what,
    changes: [key],
    after: [],
    lane: 'sweep',
    requests,
    main,
    maxAttempts: 2,
    judge: (replies) => removalVerdict(stepId(key), what, { guards: guards.length, requests }, replies),
  };
}

export function stepId(key: string): string {
  return `remove ${key}`;
}

interface Parts {
  readonly what: string;
  readonly guards: readonly LaneRequest[];
  readonly changes: readonly LaneRequest[];
  readonly gone: readonly LaneRequest[];
}

function partsOf(removal: Removal, title: string): Parts {
  switch (removal.kind) {
    case 'mapping':
      return mappingParts(removal, title);
    case 'map':
      return mapParts(removal, title);
    case 'device':
      return deviceParts(removal.disk, title);
    case 'session':
      return sessionParts(removal, title);
    case 'record':
      return recordParts(removal, title);
    case 'sick-record':
      return sickRecordParts(removal.filePath);
    case 'link':
      return linkParts(removal, title);
  }
}

function mappingParts({ dm, gone, disks }: Extract<Removal, { kind: 'mapping' }>, title: string): Parts {
  const isLuks = dm.dmUuid.startsWith('CRYPT-');
  return {
    what: `${isLuks ? 'close' : 'deactivate'} ${title}`,
    guards: [
      ...mappedGuards(dm),
      { kind: 'wait', absent: gone.map((dev) => `/sys/dev/block/${dev}`), timeoutMs: 0 },
      ...disks.flatMap(deadGuards),
    ],
    changes: [
      isLuks
        ? { kind: 'run', argv: ['cryptsetup', 'close', dm.dmName], timeoutMs: CHANGE_MS }
        : { kind: 'run', argv: ['dmsetup', 'remove', dm.dmName], timeoutMs: CHANGE_MS },
    ],
    gone: mappedGone(dm),
  };
}

/** With no path left, a flush would wait for ever for I/O that is queued; that nobody has it open says that none is. */
function mapParts({ dm, gone, disks }: Extract<Removal, { kind: 'map' }>, title: string): Parts {
  const isEmpty = gone.length === 0 && disks.length === 0;
  const absent = isEmpty ? [`/sys/block/${dm.name}/slaves/*`] : gone.map((dev) => `/sys/dev/block/${dev}`);
  return {
    what: `let queued I/O of ${title} fail and remove it`,
    guards: [...mappedGuards(dm), { kind: 'wait', absent, timeoutMs: 0 }, ...disks.flatMap(deadGuards)],
    changes: [
      { kind: 'run', argv: ['dmsetup', 'message', dm.dmName, '0', 'fail_if_no_path'], timeoutMs: 30_000 },
      { kind: 'run', argv: ['multipath', '-f', dm.dmName], timeoutMs: CHANGE_MS },
    ],
    gone: mappedGone(dm),
  };
}

/** The name still belongs to the same mapping, and nobody has it open. */
function mappedGuards(dm: DmDevice): readonly LaneRequest[] {
  return [
    {
      kind: 'wait',
      contents: [
        { filePath: `/sys/block/${dm.name}/dm/uuid`, values: [dm.dmUuid] },
        { filePath: `/sys/block/${dm.name}/dm/name`, values: [dm.dmName] },
      ],
      absent: [`/sys/block/${dm.name}/holders/*`],
      timeoutMs: 0,
    },
    {
      kind: 'run',
      argv: ['dmsetup', 'info', '-c', '--noheadings', '--separator', '|', '-o', 'open', dm.dmName],
      boundsItself: true,
      readOnly: true,
      expectStdout: '0',
    },
  ];
}

function mappedGone(dm: DmDevice): readonly LaneRequest[] {
  return [{ kind: 'wait', absent: [`/sys/block/${dm.name}`], timeoutMs: GONE_MS }];
}

/** The disk is still the one that was seen, and the array still says what made it dead. */
function deadGuards({ device, evidence }: DeadDisk): readonly LaneRequest[] {
  const sysfs = `/sys/class/scsi_device/${device.hctl}/device`;
  const cached = sysfsForm(device.cachedWwid ?? '');
  const same: LaneRequest = {
    kind: 'wait',
    present: [`${sysfs}/block/${device.block?.name ?? ''}`],
    contents: [
      { filePath: `${sysfs}/state`, values: ['running'] },
      { filePath: `/sys/class/iscsi_session/session${device.sid}/state`, values: ['LOGGED_IN'] },
      ...(cached === null ? [] : [{ filePath: `${sysfs}/wwid`, values: [cached] }]),
    ],
    timeoutMs: 0,
  };
  if (evidence.kind === 'other-identity') {
    return [same, { ...identityRequest(device.hctl), expectStdout: evidence.wwid }];
  }
  return [
    same,
    { ...identityRequest(device.hctl), expectStdout: '' },
    { ...supportRequest(device.hctl), okExits: [evidence.exit] },
  ];
}

/** How sysfs spells an identity; null for name-like ones, whose blanks are lost in the normal form. */
function sysfsForm(wwid: string): string | null {
  if (wwid.startsWith('3')) return `naa.${wwid.slice(1)}`;
  return wwid.startsWith('2') ? `eui.${wwid.slice(1)}` : null;
}

function deviceParts(disk: DeadDisk, title: string): Parts {
  const { device } = disk;
  const name = device.block?.name ?? '';
  const sysfs = `/sys/class/scsi_device/${device.hctl}`;
  return {
    what: `remove ${title}`,
    guards: [
      ...deadGuards(disk),
      { kind: 'wait', absent: [`/sys/block/${name}/holders/*`, `/sys/block/${name}/${name}*/holders/*`], timeoutMs: 0 },
    ],
    changes: [{ kind: 'write', filePath: `${sysfs}/device/delete`, content: '1' }],
    gone: [
      {
        kind: 'wait',
        absent: [sysfs, `/sys/class/iscsi_session/session${device.sid}/device/target*/${device.hctl}`],
        timeoutMs: CHANGE_MS,
      },
    ],
  };
}

/** multipathd must have forgotten the path, or a late event of it hits the next disk of that name (incident C1). */
function forgotten({ device }: DeadDisk): LaneRequest {
  const argv = ['multipathd', 'show', 'paths', 'raw', 'format', '%d'];
  return { kind: 'wait', outputLacks: { argv, words: [device.block?.name ?? ''] }, timeoutMs: 10_000 };
}

function sessionParts({ session }: Extract<Removal, { kind: 'session' }>, title: string): Parts {
  const logout = logoutStep(session, []);
  const [guard, ...rest] = logout.requests;
  const base = `/sys/class/iscsi_session/session${session.sid}`;
  const same: LaneRequest = {
    kind: 'wait',
    contents: [{ filePath: `${base}/state`, values: [session.state] }],
    timeoutMs: 0,
  };
  return {
    what: `log out of ${title}`,
    guards: guard === undefined ? [same] : [guard, same],
    changes: rest.slice(0, -1),
    gone: rest.slice(-1),
  };
}

/** Deletes a record that Longshore made; puts one that it only used back as it was. */
function recordParts({ record }: Extract<Removal, { kind: 'record' }>, title: string): Parts {
  const mark = RECORD_MARKS[record.mark ?? 'made'];
  return {
    what: record.mark === 'made' ? `delete ${title}` : `put ${title} back as it was`,
    guards: [
      {
        kind: 'run',
        argv: ['grep', '-q', '-x', '-F', '-e', mark, '--', record.filePath],
        boundsItself: true,
        readOnly: true,
      },
    ],
    changes: endRecordStep(record, []).requests,
    gone: record.mark === 'made' ? [notThere(record.filePath)] : [],
  };
}

/** Moved and not deleted: what cannot be read here may be a newer open-iscsi's. */
function sickRecordParts(filePath: string): Parts {
  const place = `${QUARANTINE_DIRECTORY}/${filePath.replace(/^\//, '').replaceAll('/', '+')}`;
  return {
    what: `move ${filePath} to ${QUARANTINE_DIRECTORY}`,
    guards: [noRecordRequest(filePath)],
    changes: [
      { kind: 'run', argv: ['mkdir', '-p', '-m', '0700', QUARANTINE_DIRECTORY], timeoutMs: 10_000 },
      { kind: 'run', argv: ['mv', '-f', '--', filePath, place], timeoutMs: 10_000 },
    ],
    // moved, and not lost
    gone: [notThere(filePath), noRecordRequest(place)],
  };
}

/** By a command: where each is sudo's, the lane's own user cannot look into open-iscsi's directories, in which for him nothing is. */
function notThere(filePath: string): LaneRequest {
  return { ...noRecordRequest(filePath), okExits: [2] };
}

function linkParts({ linkPath, target }: Extract<Removal, { kind: 'link' }>, title: string): Parts {
  return {
    what: `remove ${title}`,
    guards: [
      {
        kind: 'run',
        argv: ['readlink', '-f', '--', linkPath],
        boundsItself: true,
        readOnly: true,
        expectStdout: target,
      },
      { kind: 'wait', absent: [target], timeoutMs: 0 },
    ],
    changes: [{ kind: 'run', argv: ['rm', '-f', '--', linkPath], timeoutMs: 10_000 }],
    gone: [{ kind: 'wait', absent: [linkPath], timeoutMs: 0 }],
  };
}
