import type { ChangeFeed } from '../change-feed.js';

/** Key of a record in open-iscsi's database. */
export interface NodeKey {
  readonly targetName: string;
  /** without brackets */
  readonly address: string;
  readonly port: number;
  readonly iface: string;
}

export interface NodeEntry extends NodeKey {
  /** -1 for records that an operator made; discovery knows the portal group */
  readonly tpgt: number;
  /** parameter by name, in file order */
  readonly settings: Map<string, string>;
  /** lines that somebody wrote behind the record's end, comments included */
  readonly appended: string[];
}

export interface NodeFilter {
  readonly targetName?: string;
  readonly address?: string;
  readonly port?: number;
  readonly iface?: string;
}

/** Parameters of a new record, as open-iscsi 2.1.8 with Debian's iscsid.conf writes them (those that matter here). */
const DEFAULTS: readonly (readonly [string, string])[] = [
  ['node.leading_login', 'No'],
  ['node.startup', 'manual'],
  ['iface.transport_name', 'tcp'],
  ['node.session.initial_cmdsn', '0'],
  ['node.session.initial_login_retry_max', '8'],
  ['node.session.xmit_thread_priority', '-20'],
  ['node.session.cmds_max', '128'],
  ['node.session.queue_depth', '32'],
  ['node.session.nr_sessions', '1'],
  ['node.session.auth.authmethod', 'None'],
  ['node.session.timeo.replacement_timeout', '120'],
  ['node.session.err_timeo.abort_timeout', '15'],
  ['node.session.err_timeo.lu_reset_timeout', '30'],
  ['node.session.err_timeo.tgt_reset_timeout', '30'],
  ['node.session.iscsi.FastAbort', 'Yes'],
  ['node.session.iscsi.InitialR2T', 'No'],
  ['node.session.iscsi.ImmediateData', 'Yes'],
  ['node.session.iscsi.FirstBurstLength', '262144'],
  ['node.session.iscsi.MaxBurstLength', '16776192'],
  ['node.session.scan', 'auto'],
  ['node.session.reopen_max', '0'],
];
const CONNECTION_DEFAULTS: readonly (readonly [string, string])[] = [
  ['node.conn[0].startup', 'manual'],
  ['node.conn[0].tcp.window_size', '524288'],
  ['node.conn[0].timeo.login_timeout', '15'],
  ['node.conn[0].timeo.logout_timeout', '15'],
  ['node.conn[0].timeo.noop_out_interval', '5'],
  ['node.conn[0].timeo.noop_out_timeout', '5'],
  ['node.conn[0].iscsi.HeaderDigest', 'None'],
  ['node.conn[0].iscsi.DataDigest', 'None'],
];
/** Parameters that exist but have no line in a record until they are set. */
const UNSET = [
  'node.session.auth.username',
  'node.session.auth.password',
  'node.session.auth.username_in',
  'node.session.auth.password_in',
  'node.session.auth.chap_algs',
];

/** open-iscsi's stored (target, portal, iface) records under /etc/iscsi/nodes. */
export class NodeDatabase {
  readonly #changes: ChangeFeed;
  readonly #entries = new Map<string, NodeEntry>();

  constructor(changes: ChangeFeed) {
    this.#changes = changes;
  }

  get entries(): readonly NodeEntry[] {
    return [...this.#entries.values()];
  }

  /** Adds a record with default parameters; one that was there is reset, as iscsiadm does. */
  create(key: NodeKey, tpgt = -1): NodeEntry {
    const { targetName, address, port, iface } = key;
    const settings = new Map<string, string>([
      ['node.name', targetName],
      ['node.tpgt', String(tpgt)],
      ...DEFAULTS.slice(0, 2),
      ['iface.iscsi_ifacename', iface],
      ...DEFAULTS.slice(2),
      ['node.conn[0].address', address],
      ['node.conn[0].port', String(port)],
      ...CONNECTION_DEFAULTS,
    ]);
    const entry: NodeEntry = { targetName, address, port, iface, tpgt, settings, appended: [] };
    this.#entries.set(keyText(key), entry);
    this.#changes.changed();
    return entry;
  }

  find(filter: NodeFilter): readonly NodeEntry[] {
    return this.entries
      .filter(
        (entry) =>
          (filter.targetName === undefined || filter.targetName === entry.targetName) &&
          (filter.address === undefined || filter.address === entry.address) &&
          (filter.port === undefined || filter.port === entry.port) &&
          (filter.iface === undefined || filter.iface === entry.iface),
      )
      .sort((a, b) => (keyText(a) < keyText(b) ? -1 : 1));
  }

  /** False for a parameter that open-iscsi does not know. */
  set(entry: NodeEntry, name: string, value: string): boolean {
    if (!entry.settings.has(name) && !UNSET.includes(name)) return false;
    for (const [known, text] of nodeSettings(entry)) entry.settings.set(known, text);
    entry.appended.length = 0;
    entry.settings.set(name, value);
    this.#changes.changed();
    return true;
  }

  /** Lines behind the end of the record's file. */
  append(entry: NodeEntry, text: string): void {
    entry.appended.push(...text.split('\n').filter((line) => line !== ''));
    this.#changes.changed();
  }

  /** The file without that line and all behind it. */
  cutAt(entry: NodeEntry, line: string): void {
    const at = entry.appended.indexOf(line);
    if (at !== -1) entry.appended.length = at;
    this.#changes.changed();
  }

  delete(entry: NodeEntry): void {
    this.#entries.delete(keyText(entry));
    this.#changes.changed();
  }
}

/** What open-iscsi reads from a record's file: of a parameter that stands twice, the last counts. */
export function nodeSettings(entry: NodeEntry): ReadonlyMap<string, string> {
  const settings = new Map(entry.settings);
  for (const line of entry.appended) {
    const [, name = '', value = ''] = /^([^#\s]\S*) = (.*)$/.exec(line) ?? [];
    if (settings.has(name) || UNSET.includes(name)) settings.set(name, value);
  }
  return settings;
}

/** Where a record lies: a plain file for one without a portal group, else a directory with a file for each iface. */
export function nodeFilePath(entry: NodeEntry): string {
  const place = `/etc/iscsi/nodes/${entry.targetName}/${entry.address},${entry.port}`;
  return entry.tpgt === -1 && entry.iface === 'default' ? place : `${place},${entry.tpgt}/${entry.iface}`;
}

/** A record as it stands in its file, secrets in clear. */
export function nodeFileText(entry: NodeEntry): string {
  const lines = [...entry.settings].map(([name, value]) => `${name} = ${value}`);
  return ['# BEGIN RECORD 2.1.8', ...lines, '# END RECORD', ...entry.appended, ''].join('\n');
}

function keyText({ targetName, address, port, iface }: NodeKey): string {
  return `${targetName} ${address} ${port} ${iface}`;
}
