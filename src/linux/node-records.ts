import type { LaneReply, RunRequest } from '../transport/executor.js';
import { listedPaths, runOutput, type Fact, type Learnt } from './fact.js';
import { type Iqn, parseIqn, parsePortal } from './identifiers.js';
import { parsedOrNoted } from './parse-error.js';
import type { NodeRecord, Unknown } from './storage-state.js';

/** What unknowns are called that are about all records. */
export const NODE_RECORDS = 'iSCSI node records';

// /etc/iscsi is Debian's and Red Hat's place, /var/lib/iscsi SUSE's newer and Debian's next one. A record is the file TARGET/ADDRESS,PORT when it was made
// by hand, and TARGET/ADDRESS,PORT,TPGT/IFACE when it was discovered.
const ROOTS = ['/etc/iscsi/nodes', '/var/lib/iscsi/nodes'];
const FIELDS = [
  'node\\.name',
  'node\\.conn\\[0\\]\\.address',
  'node\\.conn\\[0\\]\\.port',
  'node\\.startup',
  'node\\.session\\.scan',
  'iface\\.iscsi_ifacename',
  'node\\.session\\.auth\\.authmethod',
  'node\\.session\\.auth\\.username',
];
// Only these lines leave the host: the records hold CHAP passwords in clear.
const MARK = '# longshore: ';
const PATTERN = `^((${FIELDS.join('|')}) = |${MARK})`;
const LINE = new RegExp(`^(/.*?):(?:(${FIELDS.join('|')}) = |(${MARK}))(.*)$`);

/**
 * Lines that Longshore leaves in a record's file before its own settings; comments for open-iscsi. A record that was there before is put
 * back by cutting its file at the mark. A tool that rewrites the record drops the mark.
 */
export const RECORD_MARKS = {
  made: `${MARK}made this record`,
  used: `${MARK}used a record that was there before`,
} as const;

/** open-iscsi's node database, or its records of some targets, read by one grep; never the secrets in it. */
export function nodeRecordsFact(targets: readonly (Iqn | '*')[] = ['*']): Fact<Learnt<readonly NodeRecord[]>> {
  const globs = targets.flatMap((target) => ROOTS.flatMap((root) => [`${root}/${target}/*`, `${root}/${target}/*/*`]));
  return {
    requests: [
      { kind: 'list', patterns: globs },
      {
        kind: 'run',
        argv: ['grep', '-H', '-d', 'skip', '-E', '-e', PATTERN, '--'],
        when: globs,
        globs,
        boundsItself: true,
        okExits: 'any',
        readOnly: true,
      },
    ],
    parse(replies) {
      const listed = listedPaths(replies[0], NODE_RECORDS);
      const records = parseNodeRecords(replies[1], listed.value);
      return { value: records.value, unknowns: [...listed.unknowns, ...records.unknowns] };
    },
  };
}

/** ok when a file, at this moment, still holds nothing that a record begins with. What it does hold does not leave the host. */
export function noRecordRequest(filePath: string): RunRequest {
  return {
    kind: 'run',
    argv: ['grep', '-q', '-E', '-e', PATTERN, '--', filePath],
    boundsItself: true,
    // 1: no line matches; 2: it is not there, or cannot be read
    okExits: [1],
    readOnly: true,
  };
}

/** A file without a usable record (empty after a crash, `[]:port`, cut) is noted under its path. */
export function parseNodeRecords(
  reply: LaneReply | undefined,
  listed: readonly string[],
): Learnt<readonly NodeRecord[]> {
  // 1: no line matched; 2: some file could not be read, the others could.
  const { value: run, unknowns } = runOutput(reply, NODE_RECORDS, [0, 1, 2]);
  if (run === null) return { value: [], unknowns: listed.length === 0 ? [] : unknowns };

  const notes: Unknown[] = [];
  const unread = new Set<string>();
  for (const line of run.stderr.split('\n')) {
    // One that was deleted meanwhile is not there; anything else is worth knowing.
    if (line.trim() === '' || line.includes('No such file or directory')) continue;
    const [, filePath, reason] = /^grep: (\/.*): ([^:]+)$/.exec(line) ?? [];
    if (filePath !== undefined) unread.add(filePath);
    notes.push({ subject: filePath ?? NODE_RECORDS, reason: reason ?? line.slice(0, 200) });
  }
  const fieldsByFile = new Map<string, Map<string, string>>();
  for (const line of run.stdout.split('\n')) {
    if (line === '') continue;
    const [, filePath, name, mark, text] = LINE.exec(line) ?? [];
    const field = name ?? mark;
    if (filePath === undefined || field === undefined || text === undefined) {
      notes.push({ subject: NODE_RECORDS, reason: `unexpected line ${JSON.stringify(line.slice(0, 80))}` });
      continue;
    }
    const fields = fieldsByFile.get(filePath) ?? new Map<string, string>();
    fieldsByFile.set(filePath, fields.set(field, text.trim()));
  }

  const value: NodeRecord[] = [];
  for (const [filePath, fields] of fieldsByFile) {
    const record = parsedOrNoted(() => nodeRecord(filePath, fields), filePath, notes);
    if (record !== null) value.push(record);
  }
  // what went wrong with the reading as a whole says nothing of any file
  const wasRead = !notes.some(({ subject }) => subject === NODE_RECORDS);
  for (const path of wasRead ? listed : []) {
    const isDirectory = listed.some((other) => other.startsWith(`${path}/`));
    if (!isDirectory && !fieldsByFile.has(path) && !unread.has(path))
      notes.push({ subject: path, reason: 'holds no node record' });
  }
  return { value, unknowns: notes };
}

function nodeRecord(filePath: string, fields: ReadonlyMap<string, string>): NodeRecord {
  const text = (field: string): string | null => {
    const found = fields.get(field);
    return found === undefined || found === '' || found === '<empty>' ? null : found;
  };
  const address = text('node.conn[0].address') ?? '';
  const port = text('node.conn[0].port') ?? '';
  const spelling = address.includes(':') ? `[${address}]:${port}` : `${address}:${port}`;
  const portal = parsePortal(spelling);
  return {
    targetName: parseIqn(text('node.name') ?? ''),
    portal,
    iface: text('iface.iscsi_ifacename') ?? 'default',
    startup: text('node.startup'),
    scan: text('node.session.scan'),
    authMethod: text('node.session.auth.authmethod'),
    authUsername: text('node.session.auth.username'),
    ...markOf(fields.get(MARK)),
    ...(spelling === portal ? {} : { spelling }),
    filePath,
  };
}

function markOf(text: string | undefined): Pick<NodeRecord, 'mark'> {
  if (text === undefined) return {};
  return { mark: RECORD_MARKS.made === `${MARK}${text}` ? 'made' : 'used' };
}
