import { posix } from 'node:path';
import type { ChangeFeed } from '../change-feed.js';

export type PlacedEntry =
  | { readonly kind: 'file'; readonly content: string }
  | { readonly kind: 'link'; readonly to: string }
  | { readonly kind: 'directory' };

/** Files that somebody put on the host and that mean nothing to any part of it. They can be read and written. */
export class PlacedFiles {
  readonly #changes: ChangeFeed;
  readonly #entries = new Map<string, PlacedEntry>();

  constructor(changes: ChangeFeed) {
    this.#changes = changes;
  }

  get entries(): ReadonlyMap<string, PlacedEntry> {
    return this.#entries;
  }

  /** Makes the file, or gives it another content. */
  write(filePath: string, content: string): void {
    this.#put(filePath, { kind: 'file', content });
  }

  append(filePath: string, content: string): void {
    const entry = this.#entries.get(filePath);
    this.write(filePath, (entry?.kind === 'file' ? entry.content : '') + content);
  }

  makeDirectory(directoryPath: string): void {
    this.#put(directoryPath, { kind: 'directory' });
  }

  /** A target that is not absolute is meant from the link's directory. */
  link(filePath: string, target: string): void {
    this.#put(filePath, { kind: 'link', to: posix.resolve(posix.dirname(filePath), target) });
  }

  /** False when nothing was placed there. */
  remove(filePath: string): boolean {
    const removed = this.#entries.delete(filePath);
    if (removed) this.#changes.changed();
    return removed;
  }

  #put(filePath: string, entry: PlacedEntry): void {
    this.#entries.set(filePath, entry);
    this.#changes.changed();
  }
}
