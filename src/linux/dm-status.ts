export interface MapPath {
  /** major:minor */
  readonly dev: string;
  readonly active: boolean;
}

/**
 * Paths in the status line of the kernel's multipath target, behind the word `multipath` (drivers/md/dm-mpath.c, multipath_status; the
 * same since 2.6.13). null when it is anything else:
 *
 *     COUNT FEATURE... COUNT HANDLER... GROUPS CURRENT { A|D|E COUNT SELECTOR... PATHS ARGS { DEV A|F FAILS ARG... } }
 */
export function parseMultipathStatus(text: string): MapPath[] | null {
  const words = text.trim().split(/\s+/);
  let at = 0;
  const next = (): string => words[at++] ?? '';
  const count = (): number => {
    const word = next();
    return /^\d{1,6}$/.test(word) ? Number(word) : NaN;
  };

  const skip = (words: number): void => {
    at += words;
  };

  skip(count());
  skip(count());
  const groups = count();
  count();
  const paths: MapPath[] = [];
  // A count that is no number makes `at` NaN, after which every word is '' and no loop goes on.
  for (let group = 0; group < groups; group++) {
    if (!/^[ADE]$/.test(next())) return null;
    skip(count());
    const pathsHere = count();
    const argsEach = count();
    for (let path = 0; path < pathsHere; path++) {
      const [dev, state] = [next(), next()];
      if (!/^\d+:\d+$/.test(dev) || !/^[AF]$/.test(state)) return null;
      count();
      skip(argsEach);
      paths.push({ dev, active: state === 'A' });
    }
  }
  return at === words.length ? paths : null;
}

/**
 * libdevmapper hands names with characters that are not plain to the kernel as \xNN; tools show them in either form. Compare unmangled ones.
 */
export function unmangled(name: string): string {
  return name.replace(/\\x([0-9a-fA-F]{2})/g, (_, code: string) => String.fromCharCode(parseInt(code, 16)));
}
