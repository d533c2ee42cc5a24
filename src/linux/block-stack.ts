import type { DmDevice, StorageState } from './storage-state.js';

/** Who uses a device, for the operator. */
export interface InUse {
  readonly kind: 'mount' | 'swap' | 'holder' | 'open';
  /** kernel name of the device that is used */
  readonly device: string;
  /** such as `mounted on /data (ext4)` */
  readonly by: string;
}

/** Who uses these block devices (kernel names), apart from our own multipath maps (kernel names dm-N). */
export function usesOf(state: StorageState, names: readonly string[], ownMapNames: readonly string[]): InUse[] {
  void [state, names, ownMapNames];
  throw new Error('not yet');
}

/** The multipath map over any of these devices (kernel names); only a dm device whose uuid starts with `mpath-`. */
export function multipathMapOf(state: StorageState, names: readonly string[]): DmDevice | null {
  void [state, names];
  throw new Error('not yet');
}
