/** What is handed out in turn and so differs between runs. */
type Kind = 'session' | 'host' | 'disk' | 'dm' | 'process';

interface NameRule {
  readonly kind: Kind;
  /** `id` is what was handed out; the rest of the match stays */
  readonly pattern: RegExp;
}

const RULES: readonly NameRule[] = [
  { kind: 'session', pattern: /(?<=(?:^|\/)session|\/connection|\bsid: |^tcp: \[)(?<id>\d+)(?!\w)/gm },
  { kind: 'host', pattern: /(?<=^\/sys\/.*\/host)(?<id>\d+)(?=\/|$)/g },
  { kind: 'host', pattern: /(?<=\btarget)(?<id>\d+)(?=:\d+:\d+(?![\w:]))/g },
  { kind: 'host', pattern: /(?<![\w:.])(?<id>\d+)(?=:\d+:\d+:[\d*]+(?![\w:.]))/g },
  { kind: 'disk', pattern: /(?<=(?<![\w.-])sd)(?<id>[a-z]{1,3})(?=\d*(?![\w-]))/g },
  { kind: 'dm', pattern: /(?<=(?<!\w)dm-)(?<id>\d+)(?!\w)/g },
  { kind: 'process', pattern: /(?<=^\/proc\/)(?<id>\d+)(?=\/|$)/g },
  // the list of mounts: process, device, mount point
  { kind: 'process', pattern: /^(?<id>\d+)(?= \d+:\d+ \/)/gm },
];

const FIRST: Readonly<Record<Kind, number>> = { session: 1, host: 0, disk: 0, dm: 0, process: 1001 };
const PREFIX: Readonly<Record<Kind, string>> = {
  session: 'session',
  host: 'host',
  disk: 'sd',
  dm: 'dm-',
  process: 'process ',
};

const DEVICE_FILE = /\/(?:block|sd[a-z]+)\/(?<name>sd[a-z]+\d*|dm-\d+)\/dev$/;
const DEVICE_NUMBER = /(?<![\w:.|-])(?<major>\d+)(?<between>[:|])(?<minor>\d+)(?![\w:.])/g;

const RUN_ID = /\b\d{8}-\d{6}-[0-9a-f]{8}\b/g;
const RUN_OWNER = /(?<=\blongshore run )\S+/g;
const TIME = /\b\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(?:\.\d+)?(?:Z|[+-]\d\d:?\d\d)?(?!\w)/g;

/** Numbers the names of one recording in the order of their first appearance. */
export class TraceNames {
  readonly #ids = new Map<Kind, Map<string, string>>();
  /** new major:minor by old; the numbers of devices whose `dev` file was read */
  readonly #devices = new Map<string, string>();

  learn(text: string, filePath?: string): void {
    for (const { kind, pattern } of RULES) {
      for (const match of text.matchAll(pattern)) this.#idOf(kind, match.groups?.['id'] ?? '');
    }
    const name = filePath === undefined ? undefined : DEVICE_FILE.exec(filePath)?.groups?.['name'];
    if (name !== undefined) this.#devices.set(text, numberOf(this.replace(name)));
  }

  replace(text: string): string {
    const named = RULES.reduce(
      (done, { kind, pattern }) => done.replace(pattern, (id: string) => this.#idOf(kind, id)),
      text,
    );
    return named
      .replace(DEVICE_NUMBER, (whole: string, major: string, between: string, minor: string) => {
        const device = this.#devices.get(`${major}:${minor}`);
        return device === undefined ? whole : device.replace(':', between);
      })
      .replace(RUN_ID, 'RUN')
      .replace(RUN_OWNER, 'RUN')
      .replace(TIME, 'TIME');
  }

  /** Old names by new ones. */
  originals(): ReadonlyMap<string, string> {
    return new Map(
      [...this.#ids].flatMap(([kind, ids]) =>
        [...ids].map(([id, given]) => [`${PREFIX[kind]}${given}`, `${PREFIX[kind]}${id}`] as const),
      ),
    );
  }

  #idOf(kind: Kind, id: string): string {
    // process 1 is the same everywhere
    if (kind === 'process' && id === '1') return id;
    const ids = this.#ids.get(kind) ?? new Map<string, string>();
    this.#ids.set(kind, ids);
    const known = ids.get(id);
    if (known !== undefined) return known;
    const next = FIRST[kind] + ids.size;
    const given = kind === 'disk' ? lettersOf(next) : String(next);
    ids.set(id, given);
    return given;
  }
}

/** 0 is a, 25 is z, 26 is aa. */
function lettersOf(index: number): string {
  const rest = Math.floor(index / 26) - 1;
  const last = String.fromCharCode(97 + (index % 26));
  return rest < 0 ? last : lettersOf(rest) + last;
}

function indexOf(letters: string): number {
  return [...letters].reduce((index, letter) => (index + 1) * 26 + letter.charCodeAt(0) - 97, -1);
}

/** major:minor for a name, as on a machine where nothing else has disks: 16 minors for each of 16 disks of major 8, then the next major. */
function numberOf(name: string): string {
  const [, letters, part = '0'] = /^sd([a-z]+)(\d*)$/.exec(name) ?? [];
  if (letters === undefined) return `253:${name.replace('dm-', '')}`;
  const index = indexOf(letters);
  const major = index < 16 ? 8 : 64 + Math.floor(index / 16);
  return `${major}:${(index % 16) * 16 + Number(part)}`;
}
