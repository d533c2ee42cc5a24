import type { ReadReply } from '../transport/executor.js';
import type { Unknown } from './storage-state.js';

/** sysfs counts `size` in these, whatever the device's own block size */
const SECTOR_BYTES = 512;

/** A part of sysfs as one listing and one read saw it. Lookups that fail are noted in `unknowns`, under the file's path. */
export interface SysfsTree {
  readonly unknowns: Unknown[];
  text(filePath: string): string | null;
  /** names below a directory, sorted; [] when it is empty or was not seen */
  children(directory: string): string[];
  /** `text`, noted when it is missing */
  required(filePath: string): string | null;
  /** major:minor of a block device's directory; '' when unknown, which equals no device */
  dev(directory: string): string;
  /** 0 when unknown */
  sizeBytes(directory: string): number;
  /** a file that holds 0 or 1; `otherwise` when it holds neither */
  flag(filePath: string, otherwise: boolean): boolean;
}

export function sysfsTree(read: ReadReply, listed: readonly string[]): SysfsTree {
  const unknowns: Unknown[] = [];
  const childrenOf = childrenByDirectory([...listed, ...read.files.keys(), ...read.unreadable]);
  const text = (filePath: string): string | null => read.files.get(filePath) ?? null;
  const required = (filePath: string, shape = /^/): string | null => {
    const content = text(filePath);
    if (content !== null && shape.test(content)) return content;
    const reason = content === null ? 'could not be read' : `${JSON.stringify(content.slice(0, 80))} makes no sense`;
    unknowns.push({ subject: filePath, reason });
    return null;
  };
  return {
    unknowns,
    text,
    children: (directory) => [...(childrenOf.get(directory) ?? [])].sort(),
    required: (filePath) => required(filePath),
    dev: (directory) => required(`${directory}/dev`, /^\d{1,4}:\d{1,7}$/) ?? '',
    sizeBytes: (directory) => Number(required(`${directory}/size`, /^\d{1,13}$/) ?? 0) * SECTOR_BYTES,
    flag(filePath, otherwise) {
      const content = required(filePath, /^[01]$/);
      return content === null ? otherwise : content === '1';
    },
  };
}

function childrenByDirectory(paths: readonly string[]): Map<string, Set<string>> {
  const childrenOf = new Map<string, Set<string>>();
  for (const path of paths) {
    let rest = path;
    for (let slash = rest.lastIndexOf('/'); slash > 0; slash = rest.lastIndexOf('/')) {
      const [directory, name] = [rest.slice(0, slash), rest.slice(slash + 1)];
      const children = childrenOf.get(directory) ?? new Set();
      if (children.has(name)) break;
      childrenOf.set(directory, children.add(name));
      rest = directory;
    }
  }
  return childrenOf;
}
