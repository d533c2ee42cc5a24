import type { ChangeFeed } from '../change-feed.js';

const ROOT = '/etc/iscsi/send_targets';
const DEFAULTS = ['discovery.startup = manual', 'discovery.type = sendtargets'];

/** open-iscsi's discovery records, kept as the texts of their files (and of copies that somebody made beside them). */
export class DiscoveryDatabase {
  readonly #changes: ChangeFeed;
  readonly files = new Map<string, string>();

  constructor(changes: ChangeFeed) {
    this.#changes = changes;
  }

  has(portal: string): boolean {
    return this.files.has(recordPath(portal));
  }

  /** One that was there is overwritten with defaults. */
  create(portal: string): void {
    this.put(recordPath(portal), [...DEFAULTS, ''].join('\n'));
  }

  delete(portal: string): boolean {
    const deleted = this.files.delete(recordPath(portal));
    this.#changes.changed();
    return deleted;
  }

  put(filePath: string, text: string): void {
    this.files.set(filePath, text);
    this.#changes.changed();
  }

  /** Of a name that stands twice, the last counts. */
  setting(portal: string, name: string): string | undefined {
    const lines = this.files.get(recordPath(portal))?.split('\n') ?? [];
    return lines.findLast((line) => line.startsWith(`${name} = `))?.slice(name.length + 3);
  }

  /** `cp -p` and `mv` among these files; false when there is no such file. */
  copy(from: string, to: string, move: boolean): boolean {
    const text = this.files.get(from);
    if (text === undefined) return false;
    if (move) this.files.delete(from);
    this.put(to, text);
    return true;
  }
}

/** `10.1.0.1:3260` or `[fd00::1]:3260`, as a file. */
function recordPath(portal: string): string {
  const [, address = portal, port = '3260'] = /^\[?([^\]]*?)\]?:(\d+)$/.exec(portal) ?? [];
  return `${ROOT}/${address},${port}/st_config`;
}
