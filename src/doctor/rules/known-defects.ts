import type { ToolVersions } from '../../linux/tool-versions.js';

/** A defect of a tool that a version of its makers fixed. Distributions carry fixes back, so an older version may have it too. */
interface KnownDefect {
  readonly tool: keyof ToolVersions;
  readonly name: string;
  readonly fixedIn: readonly number[];
  readonly defect: string;
  readonly source: string;
}

const KNOWN_DEFECTS: readonly KnownDefect[] = [
  {
    tool: 'openIscsi',
    name: 'open-iscsi',
    fixedIn: [2, 0, 875],
    defect: 'no node.session.scan: a login makes disks of every LUN of the target',
    source: 'manual scan came in 2017; incident A19',
  },
  {
    tool: 'multipathTools',
    name: 'multipath-tools',
    fixedIn: [0, 9, 8],
    defect: 'a flush of a map with queued I/O and no path hangs',
    source: 'release notes of 0.9.8; incident D6',
  },
  {
    tool: 'multipathTools',
    name: 'multipath-tools',
    fixedIn: [0, 12],
    defect: 'a path may be put into the map of another volume, and persistent reservations may be released',
    source: 'release notes of 0.12 and opensvc/multipath-tools#105; incidents A16, B17',
  },
];

/** What is known to be wrong with these versions. */
export function defectsOf(versions: ToolVersions): readonly string[] {
  return KNOWN_DEFECTS.flatMap(({ tool, name, fixedIn, defect }) => {
    const version = versions[tool];
    const isOld = version !== null && isBefore(version, fixedIn);
    return isOld ? [`${name} ${version.join('.')}: ${defect} (fixed in ${fixedIn.join('.')})`] : [];
  });
}

function isBefore(version: readonly number[], other: readonly number[]): boolean {
  for (let at = 0; at < Math.max(version.length, other.length); at += 1) {
    const difference = (version[at] ?? 0) - (other[at] ?? 0);
    if (difference !== 0) return difference < 0;
  }
  return false;
}
