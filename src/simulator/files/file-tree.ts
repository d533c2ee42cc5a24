import { expandGlob } from './glob.js';

/**
 * A write(2) to a file: null when it went well, else the kernel's message, such as `Invalid argument`. `append`: it was opened for that,
 * which makes no difference to sysfs.
 */
export type FileWriter = (content: string, signal: AbortSignal, append: boolean) => Promise<string | null>;

export interface FileNode {
  readonly kind: 'file';
  /** null: cannot be read (an attribute that may only be written) */
  readonly content: string | null;
  readonly write?: FileWriter;
}

export interface LinkNode {
  readonly kind: 'link';
  /** absolute path */
  readonly to: string;
}

export interface DirectoryNode {
  readonly kind: 'directory';
  readonly entries: Map<string, TreeNode>;
}

export type TreeNode = FileNode | LinkNode | DirectoryNode;

/** A file system made from a model, for one moment: looked at, never kept. */
export class FileTree {
  readonly #root: DirectoryNode = { kind: 'directory', entries: new Map() };

  /** Adds a file and the directories above it. */
  file(filePath: string, content: string | null, write?: FileWriter): void {
    this.#put(filePath, write === undefined ? { kind: 'file', content } : { kind: 'file', content, write });
  }

  /** Adds a file the content of which is made anew at each look, such as a clock. */
  liveFile(filePath: string, make: () => string): void {
    this.#put(filePath, {
      kind: 'file',
      get content() {
        return make();
      },
    });
  }

  /** Adds many files of one directory: name and content. */
  files(directoryPath: string, contents: Readonly<Record<string, string | number>>): void {
    for (const [name, content] of Object.entries(contents)) this.file(`${directoryPath}/${name}`, `${content}\n`);
  }

  link(filePath: string, to: string): void {
    this.#put(filePath, { kind: 'link', to });
  }

  directory(directoryPath: string): DirectoryNode {
    let directory = this.#root;
    for (const name of names(directoryPath)) {
      let next = directory.entries.get(name);
      if (next === undefined) {
        next = { kind: 'directory', entries: new Map() };
        directory.entries.set(name, next);
      }
      if (next.kind !== 'directory') throw new Error(`${directoryPath} goes through a ${next.kind}`);
      directory = next;
    }
    return directory;
  }

  /** The node behind a path with all links followed; null when there is none. */
  node(filePath: string): FileNode | DirectoryNode | null {
    return this.#walk(filePath)?.node ?? null;
  }

  /** Like `readlink -f`: null when something on the way is missing; the last name itself may be. */
  canonical(filePath: string): string | null {
    const found = this.#walk(filePath);
    return found === null ? null : found.at === '' ? '/' : found.at;
  }

  /** Content, or why not, in the words of the C library. */
  read(filePath: string): { readonly content: string } | { readonly error: string } {
    const node = this.node(filePath);
    if (node === null) return { error: 'No such file or directory' };
    if (node.kind === 'directory') return { error: 'Is a directory' };
    return node.content === null ? { error: 'Permission denied' } : { content: node.content };
  }

  /** Paths that a shell would put in the place of a pattern. */
  glob(pattern: string): readonly string[] {
    return expandGlob(pattern, {
      entries: (directoryPath) => {
        const node = this.node(directoryPath);
        return node?.kind === 'directory' ? [...node.entries.keys()] : null;
      },
      exists: (filePath) => this.#exists(filePath),
    });
  }

  #exists(filePath: string): boolean {
    const slash = filePath.lastIndexOf('/');
    const parent = this.node(filePath.slice(0, slash));
    const name = filePath.slice(slash + 1);
    if (name === '' || name === '.' || name === '..') return this.node(filePath) !== null;
    return parent?.kind === 'directory' && parent.entries.has(name);
  }

  #put(filePath: string, node: TreeNode): void {
    const slash = filePath.lastIndexOf('/');
    this.directory(filePath.slice(0, slash)).entries.set(filePath.slice(slash + 1), node);
  }

  /** Where a path leads with all links followed; the node is null when only the last name is missing. */
  #walk(filePath: string): { readonly at: string; readonly node: FileNode | DirectoryNode | null } | null {
    let rest = names(filePath);
    let trail: { readonly name: string; readonly node: TreeNode }[] = [];
    let links = 0;
    for (;;) {
      const [name, ...after] = rest;
      const here = trail.at(-1)?.node ?? this.#root;
      if (name === undefined) {
        return here.kind === 'link' ? null : { at: pathOf(trail), node: here };
      }
      rest = after;
      if (name === '..') {
        trail = trail.slice(0, -1);
        continue;
      }
      const next = here.kind === 'directory' ? here.entries.get(name) : undefined;
      if (next === undefined) {
        const onlyLast = rest.length === 0 && here.kind === 'directory';
        return onlyLast ? { at: `${pathOf(trail)}/${name}`, node: null } : null;
      }
      if (next.kind === 'link') {
        links += 1;
        if (links > 40) return null;
        rest = [...names(next.to), ...rest];
        trail = [];
      } else {
        trail = [...trail, { name, node: next }];
      }
    }
  }
}

function pathOf(trail: readonly { readonly name: string }[]): string {
  return trail.map((step) => `/${step.name}`).join('');
}

function names(filePath: string): string[] {
  return filePath.split('/').filter((name) => name !== '' && name !== '.');
}
