import type { ReadReply } from '../transport/executor.js';
import { listedPaths, readReply, type Fact, type Learnt } from './fact.js';
import { parseIqn, parsePortal, type Portal } from './identifiers.js';
import type { IscsiSession, Unknown } from './storage-state.js';
import { parsedOrNoted } from './parse-error.js';

const SESSIONS = '/sys/class/iscsi_session';
const CONNECTIONS = '/sys/class/iscsi_connection';
const SESSION_FILES = ['targetname', 'state', 'ifacename'];
const CONNECTION_FILES = ['address', 'port', 'persistent_address', 'persistent_port'];
const READ_PATTERNS = [
  ...SESSION_FILES.map((name) => `${SESSIONS}/session*/${name}`),
  ...CONNECTION_FILES.map((name) => `${CONNECTIONS}/connection*/${name}`),
];
const HOST_PATTERNS = ['/sys/class/iscsi_host/host*/device/session*'];
/** On every Linux that has sysfs mounted: without it the absence of sessions would prove nothing. */
const SYSFS = '/sys/class/block';

/**
 * iSCSI sessions as the kernel shows them; no process runs on the host. `within`: a pattern for the sessions that matter, such as `{session}`.
 */
export function iscsiSessionsFact(within?: string): Fact<Learnt<readonly IscsiSession[]>> {
  const readPatterns =
    within === undefined
      ? READ_PATTERNS
      : [
          ...SESSION_FILES.map((name) => `${within}/${name}`),
          ...CONNECTION_FILES.map((name) => `${within}/device/connection*/iscsi_connection/connection*/${name}`),
        ];
  const hostPatterns = within === undefined ? HOST_PATTERNS : [`${within}/device/../iscsi_host/host*`];
  return {
    requests: [
      { kind: 'read', patterns: readPatterns },
      { kind: 'list', patterns: [...hostPatterns, SYSFS] },
    ],
    parse(replies) {
      const read = readReply(replies[0], SESSIONS);
      const hosts = listedPaths(replies[1], HOST_PATTERNS[0] ?? '');
      const sessions = parseIscsiSessions(read.value, hosts.value);
      const noSysfs = hosts.unknowns.length === 0 && !hosts.value.includes(SYSFS);
      const blind: Unknown[] = noSysfs ? [{ subject: '/sys', reason: 'sysfs is not mounted, or cannot be read' }] : [];
      return { value: sessions.value, unknowns: [...blind, ...read.unknowns, ...hosts.unknowns, ...sessions.unknowns] };
    },
  };
}

/** A session whose target name cannot be told is not in the list but among the unknowns, under its sysfs directory. */
function parseIscsiSessions(read: ReadReply, hostPaths: readonly string[]): Learnt<readonly IscsiSession[]> {
  const unknowns: Unknown[] = [];
  const hostBySid = new Map<number, number>();
  for (const path of hostPaths) {
    const [, host, sid] = /\/host(\d+)\/device\/session(\d+)$/.exec(path) ?? turned(path);
    if (host !== undefined && sid !== undefined) hostBySid.set(Number(sid), Number(host));
  }
  const connectionBySid = connectionDirectories(read);

  const value: IscsiSession[] = [];
  for (const sid of sessionNumbers(read)) {
    const directory = `${SESSIONS}/session${sid}`;
    const attribute = (name: string): string | null => read.files.get(`${directory}/${name}`) ?? null;
    for (const name of ['targetname', 'state']) {
      if (attribute(name) === null) unknowns.push({ subject: `${directory}/${name}`, reason: 'could not be read' });
    }
    const nameText = attribute('targetname');
    if (nameText === null) continue;
    const targetName = parsedOrNoted(() => parseIqn(nameText), `${directory}/targetname`, unknowns);
    if (targetName === null) continue;
    const connection = connectionBySid.get(sid);
    // while it is made or taken down: by which portal it goes, is not known
    if (connection === undefined) unknowns.push({ subject: `${directory}/device`, reason: 'shows no connection' });
    value.push({
      sid,
      targetName,
      state: attribute('state') ?? 'unknown',
      iface: attribute('ifacename') ?? '',
      scsiHost: hostBySid.get(sid) ?? null,
      portal: connection === undefined ? null : portalOf(read, connection, 'persistent_', unknowns),
      // Without a socket (while it reconnects) the kernel has no current address: that is no news.
      currentPortal: connection === undefined ? null : portalOf(read, connection, '', []),
    });
  }
  return { value, unknowns };
}

/** The same from the session's side. */
function turned(path: string): readonly string[] {
  const [, sid = '', host = ''] = /\/session(\d+)\/device\/\.\.\/iscsi_host\/host(\d+)$/.exec(path) ?? [];
  return host === '' ? [] : [path, host, sid];
}

function sessionNumbers(read: ReadReply): number[] {
  const numbers = new Set<number>();
  for (const path of [...read.files.keys(), ...read.unreadable]) {
    const sid = /\/session(\d+)\/[^/]+$/.exec(path)?.[1];
    if (sid !== undefined) numbers.add(Number(sid));
  }
  return [...numbers].sort((a, b) => a - b);
}

/** The first connection (`connection<sid>:0`) of each session: Linux uses one. */
function connectionDirectories(read: ReadReply): Map<number, string> {
  const directories = new Map<number, string>();
  for (const path of [...read.files.keys(), ...read.unreadable].sort()) {
    const [, directory, sid] = /^(.*\/connection(\d+):\d+)\/[^/]+$/.exec(path) ?? [];
    if (directory !== undefined && !directories.has(Number(sid))) directories.set(Number(sid), directory);
  }
  return directories;
}

function portalOf(read: ReadReply, directory: string, prefix: string, unknowns: Unknown[]): Portal | null {
  const addressPath = `${directory}/${prefix}address`;
  const address = read.files.get(addressPath);
  const port = read.files.get(`${directory}/${prefix}port`);
  if (address === undefined || port === undefined || address === '(null)' || address === '') {
    unknowns.push({ subject: addressPath, reason: 'shows no address' });
    return null;
  }
  return parsedOrNoted(
    () => parsePortal(address.includes(':') ? `[${address}]:${port}` : `${address}:${port}`),
    addressPath,
    unknowns,
  );
}
