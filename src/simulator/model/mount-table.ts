import type { ChangeFeed } from '../change-feed.js';

export interface MountEntry {
  readonly dev: string;
  readonly source: string;
  readonly mountPoint: string;
  readonly fsType: string;
  /** process whose mount namespace it is in; 1 is everybody's */
  readonly pid: number;
}

/** Mounts in all namespaces, and swap areas. */
export class MountTable {
  readonly #changes: ChangeFeed;
  #mounts: readonly MountEntry[] = [];
  #swaps: readonly { readonly devicePath: string; readonly dev: string }[] = [];

  constructor(changes: ChangeFeed) {
    this.#changes = changes;
  }

  get mounts(): readonly MountEntry[] {
    return this.#mounts;
  }

  get swaps(): readonly { readonly devicePath: string; readonly dev: string }[] {
    return this.#swaps;
  }

  mount(entry: MountEntry): void {
    this.#mounts = [...this.#mounts, entry];
    this.#changes.changed();
  }

  unmount(mountPoint: string): void {
    this.#mounts = this.#mounts.filter((mount) => mount.mountPoint !== mountPoint);
    this.#changes.changed();
  }

  swapOn(devicePath: string, dev: string): void {
    this.#swaps = [...this.#swaps, { devicePath, dev }];
    this.#changes.changed();
  }

  swapOff(devicePath: string): void {
    this.#swaps = this.#swaps.filter((swap) => swap.devicePath !== devicePath);
    this.#changes.changed();
  }

  /** Nothing is mounted any more. What would be at boot is not simulated. */
  powerOff(): void {
    this.#mounts = [];
    this.#swaps = [];
  }

  uses(dev: string): number {
    return (
      this.#mounts.filter((mount) => mount.dev === dev).length + this.#swaps.filter((swap) => swap.dev === dev).length
    );
  }
}
