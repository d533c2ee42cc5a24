import { mkdirSync, mkdtempSync, readFileSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import type { SimulatedHost } from '../../src/simulator/host-model.js';

/** A directory on a subject's host, made and looked at without the executor that is tested. */
export interface SubjectFiles {
  /** absolute path of a name in the directory */
  readonly inside: (name: string) => string;
  /** Gives the file's path. */
  readonly write: (name: string, content: string) => string;
  readonly mkdir: (name: string) => void;
  readonly symlink: (target: string, name: string) => void;
  /** of any file on the host, by its path */
  readonly read: (filePath: string) => string;
  readonly remove: (name: string) => void;
  readonly close: () => void;
}

/** In a temporary directory of this machine. */
export function realFiles(): SubjectFiles {
  const directory = mkdtempSync(path.join(tmpdir(), 'longshore-requests-'));
  const inside = (name: string): string => path.join(directory, name);
  return {
    inside,
    write(name, content) {
      writeFileSync(inside(name), content);
      return inside(name);
    },
    mkdir: (name) => mkdirSync(inside(name)),
    symlink: (target, name) => symlinkSync(target, inside(name)),
    read: (filePath) => readFileSync(filePath, 'utf8'),
    remove: (name) => rmSync(inside(name)),
    close: () => rmSync(directory, { recursive: true, force: true }),
  };
}

/** In the file tree of a simulated host. */
export function simulatedFiles(host: SimulatedHost): SubjectFiles {
  const inside = (name: string): string => `/tmp/longshore-requests/${name}`;
  host.placed.makeDirectory('/tmp/longshore-requests');
  return {
    inside,
    write(name, content) {
      host.placed.write(inside(name), content);
      return inside(name);
    },
    mkdir: (name) => host.placed.makeDirectory(inside(name)),
    symlink: (target, name) => host.placed.link(inside(name), target),
    read(filePath) {
      const found = host.files().read(filePath);
      if ('error' in found) throw new Error(`${filePath}: ${found.error}`);
      return found.content;
    },
    remove(name) {
      if (!host.placed.remove(inside(name))) throw new Error(`${name} is not there`);
    },
    close: () => undefined,
  };
}
