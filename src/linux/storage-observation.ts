import type { Fact } from './fact.js';
import type { StorageState } from './storage-state.js';

export interface StorageFactOptions {
  /** mounts of all mount namespaces, swaps and loop devices; default true */
  readonly withMounts?: boolean;
  /** ask multipathd which paths it tracks; default true */
  readonly withMultipathd?: boolean;
}

/** Everything in StorageState. */
export function storageFact(options: StorageFactOptions = {}): Fact<StorageState> {
  void options;
  throw new Error('not yet');
}
