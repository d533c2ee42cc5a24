import type { LaneReply } from '../transport/executor.js';
import { listedPaths, runOutput, type Fact, type Learnt } from './fact.js';
import { parseIqn, parsePortal, type Iqn, type Portal } from './identifiers.js';
import { parsedOrNoted } from './parse-error.js';
import type { Unknown } from './storage-state.js';

/** open-iscsi's settings: what new records get, what stored records say, and whether iscsid can be asked. Values as they are written. */
export interface IscsidSettings {
  /** `/etc/iscsi/iscsid.conf` by name, a line that is commented out is none; empty without such a file, null when it cannot be read */
  readonly defaults: ReadonlyMap<string, string> | null;
  readonly records: readonly RecordSettings[];
  /** files of the node database in which there is no record: empty after a crash, or cut */
  readonly emptyRecords: readonly string[];
  /** iscsid, or systemd for it, listens on its control socket */
  readonly listening: boolean;
}

export interface RecordSettings {
  readonly targetName: Iqn;
  readonly portal: Portal;
  readonly filePath: string;
  readonly settings: ReadonlyMap<string, string>;
}

const CONF = '/etc/iscsi/iscsid.conf';
const SOCKETS = '/proc/net/unix';
const GLOBS = ['/etc/iscsi/nodes', '/var/lib/iscsi/nodes'].flatMap((root) => [`${root}/*/*`, `${root}/*/*/*`]);
const NAMES = [
  'iscsid.safe_logout',
  'node.name',
  'node.startup',
  'node.conn[0].startup',
  'node.conn[0].address',
  'node.conn[0].port',
  'node.conn[0].timeo.login_timeout',
  'node.conn[0].timeo.noop_out_interval',
  'node.conn[0].timeo.noop_out_timeout',
  'node.session.initial_login_retry_max',
  'node.session.scan',
  'node.session.timeo.replacement_timeout',
];
// Only these lines leave the host: both kinds of files hold CHAP passwords in clear.
const PATTERN = `^[[:space:]]*(${NAMES.map((name) => name.replace(/[.[\]]/g, '\\$&')).join('|')})[[:space:]]*=|@ISCSIADM_ABSTRACT_NAMESPACE$`;
/** flags of a socket in /proc/net/unix: it accepts connections */
const LISTENING = /: [0-9A-Fa-f]+ [0-9A-Fa-f]+ 00010000 0001 /;

/** One process reads iscsid.conf, the node database and the list of Unix sockets. */
export function iscsidSettingsFact(): Fact<Learnt<IscsidSettings>> {
  return {
    requests: [
      { kind: 'list', patterns: GLOBS },
      {
        kind: 'run',
        argv: ['grep', '-H', '-d', 'skip', '-E', '-e', PATTERN, '--', CONF, SOCKETS],
        globs: GLOBS,
        boundsItself: true,
        okExits: 'any',
        readOnly: true,
      },
    ],
    parse(replies) {
      const listed = listedPaths(replies[0], 'iSCSI node records');
      const settings = parseIscsidSettings(replies[1], listed.value);
      return { value: settings.value, unknowns: [...listed.unknowns, ...settings.unknowns] };
    },
  };
}

function parseIscsidSettings(reply: LaneReply | undefined, listed: readonly string[]): Learnt<IscsidSettings> {
  // 1: no line matched; 2: some file could not be read or is not there
  const { value: run, unknowns } = runOutput(reply, 'iSCSI settings', [0, 1, 2]);
  const nothing = { defaults: null, records: [], emptyRecords: [], listening: false };
  if (run === null) return { value: nothing, unknowns };

  const notes: Unknown[] = [];
  const unread = new Set<string>();
  for (const line of run.stderr.split('\n')) {
    if (line.trim() === '' || line.includes('No such file or directory')) continue;
    const [, filePath, reason] = /^grep: (\/.*): ([^:]+)$/.exec(line) ?? [];
    if (filePath !== undefined) unread.add(filePath);
    notes.push({ subject: filePath ?? 'iSCSI settings', reason: reason ?? line.slice(0, 200) });
  }
  const byFile = new Map<string, Map<string, string>>();
  let listening = false;
  for (const line of run.stdout.split('\n')) {
    if (line.startsWith(`${SOCKETS}:`)) {
      listening ||= LISTENING.test(line);
      continue;
    }
    const [, filePath, name, value] = /^(\/.*?):[ \t]*([a-z][\w.[\]]*)[ \t]*=[ \t]*(.*?)[ \t\r]*$/.exec(line) ?? [];
    if (filePath === undefined || name === undefined || value === undefined) {
      if (line !== '') notes.push({ subject: 'iSCSI settings', reason: `unexpected line ${quoted(line)}` });
      continue;
    }
    const settings = byFile.get(filePath) ?? new Map<string, string>();
    byFile.set(filePath, settings.set(name, value));
  }
  const defaults = unread.has(CONF) ? null : (byFile.get(CONF) ?? new Map<string, string>());
  byFile.delete(CONF);
  const records: RecordSettings[] = [];
  for (const [filePath, settings] of byFile) {
    const record = parsedOrNoted(() => recordSettings(filePath, settings), filePath, notes);
    if (record !== null) records.push(record);
  }
  const isDirectory = (path: string): boolean => listed.some((other) => other.startsWith(`${path}/`));
  const emptyRecords = listed.filter((path) => !isDirectory(path) && !byFile.has(path) && !unread.has(path));
  return { value: { defaults, records, emptyRecords, listening }, unknowns: notes };
}

function recordSettings(filePath: string, settings: ReadonlyMap<string, string>): RecordSettings {
  const address = settings.get('node.conn[0].address') ?? '';
  const port = settings.get('node.conn[0].port') ?? '';
  return {
    targetName: parseIqn(settings.get('node.name') ?? ''),
    portal: parsePortal(address.includes(':') ? `[${address}]:${port}` : `${address}:${port}`),
    filePath,
    settings,
  };
}

function quoted(line: string): string {
  return JSON.stringify(line.slice(0, 80));
}
