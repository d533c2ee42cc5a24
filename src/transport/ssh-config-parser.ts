import { readdir, readFile } from 'node:fs/promises';
import path from 'node:path';
import { LongshoreError } from '../errors/longshore-error.js';
import { expandPath } from './ssh-config-tokens.js';

/** One setting of a file, with the Host patterns that it stands under; none: it is for every host. */
export interface ConfigLine {
  /** in lower case */
  readonly keyword: string;
  readonly value: string;
  /** one for each Host line that it stands under: more than one by Include */
  readonly hosts: readonly NameTest[];
  /** where it stands, for messages */
  readonly place: string;
}

/** Whether a Host line is for a name. */
type NameTest = (name: string) => boolean;

export interface ConfigFiles {
  readonly lines: readonly ConfigLine[];
  /** the first thing that only ssh itself can judge (Match, canonical names, a file that cannot be read), or null */
  readonly beyond: string | null;
}

interface Reading {
  readonly home: string;
  readonly env: Readonly<Record<string, string | undefined>>;
  readonly lines: ConfigLine[];
  beyond: string | null;
}

const MAX_INCLUDES = 16;

/** Reads ssh_config files with what they include. Runs nothing. A file that does not exist says nothing. */
export async function readConfigFiles(
  files: readonly string[],
  { home, env }: Pick<Reading, 'home' | 'env'>,
): Promise<ConfigFiles> {
  const reading: Reading = { home, env, lines: [], beyond: null };
  for (const file of files) await readFileInto(reading, file, [], 0);
  return { lines: reading.lines, beyond: reading.beyond };
}

/** What plain Host blocks say of a name: the first value of each keyword counts, keys and certificates add up. */
export function plainSettings(lines: readonly ConfigLine[], name: string): Map<string, string[]> {
  const settings = new Map<string, string[]>();
  const verdicts = new Map<NameTest, boolean>();
  const isFor = (test: NameTest): boolean => {
    const verdict = verdicts.get(test) ?? test(name);
    verdicts.set(test, verdict);
    return verdict;
  };
  for (const { keyword, value, hosts } of lines) {
    if (!hosts.every(isFor)) continue;
    // whichever of the two comes first is the way to the host
    if (keyword === 'proxyjump' && settings.has('proxycommand')) continue;
    if (keyword === 'proxycommand' && settings.has('proxyjump')) continue;
    const values = settings.get(keyword);
    if (values === undefined) settings.set(keyword, [value]);
    else if (ADDING.has(keyword)) values.push(value);
  }
  return settings;
}

const ADDING = new Set(['identityfile', 'certificatefile']);

/** `keyword value`, `keyword=value` or `keyword = "value"`; null for a comment or an empty line. */
export function splitConfigLine(line: string): readonly [keyword: string, value: string] | null {
  const match = /^\s*(\w+)(?:\s*=\s*|\s+)(.*?)\s*$/.exec(line);
  if (match === null) return null;
  const [, keyword = '', value = ''] = match;
  return [keyword.toLowerCase(), keyword.toLowerCase() === 'proxycommand' ? value : valueWords(value).join(' ')];
}

async function readFileInto(reading: Reading, file: string, outer: ConfigLine['hosts'], depth: number): Promise<void> {
  let text: string;
  try {
    text = await readFile(file, 'utf8');
  } catch (error) {
    const code = error instanceof Error && 'code' in error ? String(error.code) : 'unknown reason';
    if (code !== 'ENOENT' && code !== 'ENOTDIR') reading.beyond ??= `${file} cannot be read (${code})`;
    return;
  }
  let hosts = outer;
  for (const [index, line] of text.split('\n').entries()) {
    const split = splitConfigLine(line);
    if (split === null) continue;
    const [keyword, value] = split;
    const place = `${file}:${index + 1}`;
    if (keyword === 'host') hosts = [...outer, nameTest(valueWords(value))];
    else if (keyword === 'match') {
      if (/^\s*all\s*$/i.test(value)) hosts = outer;
      else {
        reading.beyond ??= `${place} has Match`;
        hosts = [...outer, () => false];
      }
    } else if (keyword === 'include') {
      if (depth === MAX_INCLUDES) reading.beyond ??= `${place} includes too deeply`;
      else
        for (const found of await included(value, file, reading)) await readFileInto(reading, found, hosts, depth + 1);
    } else {
      if (keyword === 'canonicalizehostname' && !/^no$/i.test(value))
        reading.beyond ??= `${place} has CanonicalizeHostname`;
      reading.lines.push({ keyword, value, hosts, place });
    }
  }
}

/** The files of an Include line, sorted as ssh's glob does. Relative ones start in ~/.ssh, or in /etc/ssh for a file from there. */
async function included(value: string, from: string, { home, env }: Reading): Promise<readonly string[]> {
  const base = from.startsWith('/etc/ssh/') ? '/etc/ssh' : path.join(home, '.ssh');
  const found = valueWords(value).map(async (word): Promise<readonly string[]> => {
    const pattern = path.resolve(base, expandPath(word, home, env));
    const directory = path.dirname(pattern);
    const name = path.basename(pattern);
    if (!/[*?[]/.test(name)) return [pattern];
    const names = await readdir(directory).catch((): string[] => []);
    const regExp = regExpOf(name);
    const fitting = names.filter((one) => !one.startsWith('.') && regExp.test(one));
    return fitting.toSorted().map((one) => path.join(directory, one));
  });
  return (await Promise.all(found)).flat();
}

/** Words by blanks; double quotes hold blanks together; `#` begins a comment. */
function valueWords(value: string): readonly string[] {
  const words: string[] = [];
  for (const [word, quoted] of value.matchAll(/"([^"]*)"|\S+/g)) {
    if (word.startsWith('#')) break;
    words.push(quoted ?? word);
  }
  return words;
}

/** Patterns of a Host line; a negated one that fits takes the name out. Case counts, as for ssh. */
function nameTest(patterns: readonly string[]): NameTest {
  const tests = patterns.map((pattern) => {
    const isNegated = pattern.startsWith('!');
    return { isNegated, regExp: regExpOf(isNegated ? pattern.slice(1) : pattern) };
  });
  return (name) => {
    const fitting = tests.filter(({ regExp }) => regExp.test(name));
    return fitting.length > 0 && !fitting.some(({ isNegated }) => isNegated);
  };
}

function regExpOf(pattern: string): RegExp {
  const source = pattern
    .replaceAll(/[.+^${}()|[\]\\]/g, '\\$&')
    .replaceAll(/\*+/g, '.*')
    .replaceAll('?', '.');
  return new RegExp(`^${source}$`);
}

/** Refuses what plain reading cannot judge. */
export function requirePlain({ beyond }: ConfigFiles, host: string): void {
  if (beyond === null) return;
  throw new LongshoreError('E_UNREACHABLE', `${beyond}, which takes the ssh program to read, and there is none here`, {
    host,
    remedy: 'install the OpenSSH client, or give a plain file of Host blocks with --ssh-config',
  });
}
