/** What pathname expansion needs of a file system. Paths are absolute and need not be canonical. */
export interface GlobFiles {
  /** names in a directory (links followed); null when it is none or cannot be read */
  entries(directoryPath: string): readonly string[] | null;
  /** whether something has that name; a dangling link counts */
  exists(filePath: string): boolean;
}

const MAGIC = /[*?[\\]/;

/**
 * Pathname expansion as a POSIX shell does it in the C locale: `*`, `?`, `[...]` within one component, hidden names only
 * when the dot is written, sorted by bytes. A pattern without a match gives nothing (a shell would leave it as it is).
 */
export function expandGlob(pattern: string, files: GlobFiles): readonly string[] {
  let matches = [''];
  const components = pattern.split('/').slice(1);
  components.forEach((component, index) => {
    const last = index === components.length - 1;
    matches = matches.flatMap((prefix) => expandComponent(prefix, component, last, files));
  });
  return matches;
}

function expandComponent(prefix: string, component: string, last: boolean, files: GlobFiles): readonly string[] {
  if (!MAGIC.test(component)) {
    const filePath = `${prefix}/${component}`;
    // a trailing slash asks for a directory
    if (component === '') return !last || files.entries(prefix) !== null ? [filePath] : [];
    return last && !files.exists(filePath) ? [] : [filePath];
  }
  const matcher = componentMatcher(component);
  const names = files.entries(prefix === '' ? '/' : prefix);
  if (names === null) return [];
  const hidden = component.startsWith('.') || component.startsWith('\\.');
  return [...names, '.', '..']
    .filter((name) => (hidden || !name.startsWith('.')) && matcher.test(name))
    .sort(compareBytes)
    .map((name) => `${prefix}/${name}`)
    .filter((filePath) => last || files.entries(filePath) !== null);
}

/** One component of a pattern as a regular expression over a whole name. */
export function componentMatcher(component: string): RegExp {
  let source = '';
  let at = 0;
  while (at < component.length) {
    const char = component.charAt(at);
    if (char === '*') source += '.*';
    else if (char === '?') source += '.';
    else if (char === '\\' && at + 1 < component.length) source += escapeRegExp(component.charAt((at += 1)));
    else if (char === '[') {
      const end = bracketEnd(component, at);
      if (end === -1) source += '\\[';
      else {
        source += bracketSource(component.slice(at + 1, end));
        at = end;
      }
    } else source += escapeRegExp(char);
    at += 1;
  }
  return new RegExp(`^${source}$`, 'su');
}

/** Index of the `]` that ends the bracket expression; a first `]` is one of its members. */
function bracketEnd(component: string, start: number): number {
  let at = start + 1;
  if (component.charAt(at) === '!' || component.charAt(at) === '^') at += 1;
  if (component.charAt(at) === ']') at += 1;
  for (; at < component.length; at += 1) {
    const char = component.charAt(at);
    if (char === ']') return at;
    if (char === '\\') at += 1;
    if (char === '[' && component.charAt(at + 1) === ':') {
      const end = component.indexOf(':]', at + 2);
      if (end !== -1) at = end + 1;
    }
  }
  return -1;
}

const CLASSES: Readonly<Record<string, string>> = {
  alnum: 'A-Za-z0-9',
  alpha: 'A-Za-z',
  blank: ' \\t',
  digit: '0-9',
  lower: 'a-z',
  punct: '!-\\/:-@\\[-`\\{-~',
  space: '\\s',
  upper: 'A-Z',
  xdigit: '0-9A-Fa-f',
};

function bracketSource(content: string): string {
  const negated = content.startsWith('!') || content.startsWith('^');
  let rest = negated ? content.slice(1) : content;
  let members = '';
  while (rest !== '') {
    const named = /^\[:(\w+):\]/.exec(rest);
    const known = named === null ? undefined : CLASSES[named[1] ?? ''];
    if (named !== null && known !== undefined) {
      members += known;
      rest = rest.slice(named[0].length);
      continue;
    }
    const range = /^(\\?.)-(\\?[^\]])/su.exec(rest);
    if (range !== null) {
      const from = plain(range[1] ?? '');
      const to = plain(range[2] ?? '');
      // a range from high to low has no members
      if (compareBytes(from, to) <= 0) members += `${escapeMember(from)}-${escapeMember(to)}`;
      rest = rest.slice(range[0].length);
      continue;
    }
    const one = /^\\?./su.exec(rest)?.[0] ?? rest;
    members += escapeMember(plain(one));
    rest = rest.slice(one.length);
  }
  if (members === '') return negated ? '.' : '(?!)';
  return `[${negated ? '^' : ''}${members}]`;
}

function plain(member: string): string {
  return member.length > 1 && member.startsWith('\\') ? member.slice(1) : member;
}

function escapeRegExp(char: string): string {
  return /[\\^$.*+?()[\]{}|/]/.test(char) ? `\\${char}` : char;
}

/** Inside a class a dash has a meaning too; outside, its escape would be an error. */
function escapeMember(char: string): string {
  return char === '-' ? '\\-' : escapeRegExp(char);
}

function compareBytes(a: string, b: string): number {
  return Buffer.compare(Buffer.from(a), Buffer.from(b));
}
