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

/** Links that a path may lead through, as in Linux. */
const MAX_LINKS = 40;

/** A file system made from a model, for one moment: looked at, never kept. */
export class FileTree {
  readonly #root: DirectoryNode = { kind: 'directory', entries: new Map() };
  /** directories by path, and where paths lead: the tree is made once and looked at many times */
  readonly #directories = new Map<string, DirectoryNode>();
  readonly #walked = new Map<string, Place | null>();
  /** what makes the directories below the root that nobody has looked into yet, by name */
  readonly #unmade = new Map<string, () => void>();

  /** Leaves whole directories of the root, such as `sys`, to be made when somebody looks into one of them. */
  later(names: readonly string[], make: () => void): void {
    const makeOnce = (): void => {
      if (names.map((name) => this.#unmade.delete(name)).includes(true)) make();
    };
    for (const name of names) this.#unmade.set(name, makeOnce);
  }

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
    const known = this.#directories.get(directoryPath);
    if (known !== undefined) return known;
    const slash = directoryPath.lastIndexOf('/');
    const name = directoryPath.slice(slash + 1);
    const parent = slash <= 0 ? this.#root : this.directory(directoryPath.slice(0, slash));
    const directory = name === '' || name === '.' ? parent : directoryIn(parent, name, directoryPath);
    this.#directories.set(directoryPath, directory);
    return directory;
  }

  /** The node behind a path with all links followed; null when there is none. */
  node(filePath: string): FileNode | DirectoryNode | null {
    const node = this.#walk(filePath)?.node ?? null;
    // whoever looks at the root itself sees all of it
    if (node === this.#root) for (const make of [...this.#unmade.values()]) make();
    return node;
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
    if (this.#walked.size > 0) this.#walked.clear();
    const slash = filePath.lastIndexOf('/');
    this.directory(filePath.slice(0, slash)).entries.set(filePath.slice(slash + 1), node);
  }

  #walk(filePath: string, links = 0): Place | null {
    const known = this.#walked.get(filePath);
    if (known !== undefined) return known;
    const place = this.#find(filePath, links);
    this.#walked.set(filePath, place);
    return place;
  }

  #find(filePath: string, links: number): Place | null {
    const slash = filePath.lastIndexOf('/');
    const name = filePath.slice(slash + 1);
    const above = slash <= 0 ? { at: '', node: this.#root } : this.#walk(filePath.slice(0, slash), links);
    if (name === '' || name === '.') return above;
    if (above?.node?.kind !== 'directory') return null;
    if (name === '..') return this.#walk(above.at.slice(0, Math.max(0, above.at.lastIndexOf('/'))), links);
    if (above.node === this.#root) this.#unmade.get(name)?.();
    const next = above.node.entries.get(name);
    if (next?.kind === 'link') return links === MAX_LINKS ? null : this.#walk(next.to, links + 1);
    return { at: `${above.at}/${name}`, node: next ?? null };
  }
}

/** Where a path leads with all links followed; the node is null when only the last name is missing. */
interface Place {
  readonly at: string;
  readonly node: FileNode | DirectoryNode | null;
}

function directoryIn(parent: DirectoryNode, name: string, directoryPath: string): DirectoryNode {
  const found = parent.entries.get(name);
  if (found?.kind === 'directory') return found;
  if (found !== undefined) throw new Error(`${directoryPath} goes through a ${found.kind}`);
  const made: DirectoryNode = { kind: 'directory', entries: new Map() };
  parent.entries.set(name, made);
  return made;
}
