import { LongshoreError } from '../../errors/longshore-error.js';
import type { IscsiSession, ScsiDevice, StorageState } from '../../linux/storage-state.js';
import { sessionOf } from './volume-view.js';

/**
 * Whether the host boots by this session: its firmware or its kernel's command line says so, or its node record is started on boot by the initramfs (`onboot`). Such a session
 * is never logged out and its record never written, whatever is asked for (rule S27, incident F6).
 */
export function isBootSession(
  storage: StorageState,
  { targetName, portal }: Pick<IscsiSession, 'targetName' | 'portal'>,
): boolean {
  const byFirmware = (storage.bootTargets ?? []).some(
    (boot) => boot.targetName === targetName && (boot.portal === null || boot.portal === portal),
  );
  return (
    byFirmware ||
    storage.nodeRecords.some(
      (record) => record.targetName === targetName && record.portal === portal && record.startup === 'onboot',
    )
  );
}

/**
 * The disk that the host boots from, or null. Where only the target is known, as from the kernel's command line, the disk is told by who uses it:
 * the volumes of many hosts are behind the target that they boot from.
 */
export function bootDisk(storage: StorageState, disks: readonly ScsiDevice[]): ScsiDevice | null {
  const isIt = (device: ScsiDevice): boolean => {
    const target = sessionOf(storage, device)?.targetName;
    return (storage.bootTargets ?? []).some((boot) => boot.targetName === target && boot.lun === device.lun);
  };
  return disks.find(isIt) ?? null;
}

export function bootRefusal(what: string): LongshoreError {
  return new LongshoreError('E_DEVICE_BUSY', `${what} is what this host boots from`, {
    remedy: 'nothing was changed; no option overrides this',
  });
}
