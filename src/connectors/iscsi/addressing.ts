import { LongshoreError } from '../../errors/longshore-error.js';

/** How an array codes LUNs, by os-brick's names. */
export const ADDRESSING_MODES = ['SAM', 'transparent', 'SAM2', 'SAM3-flat'] as const;
export type AddressingMode = (typeof ADDRESSING_MODES)[number];

/** Flat space addressing (SAM-5 4.7.7.3): 14 bits of LUN behind the method bits 01. */
const FLAT = 0x4000;
const SINGLE_LEVEL_MAX = 0xffff;

/** Throws `E_VOLUME` saying what to write. */
export function parseAddressingMode(value: unknown): AddressingMode {
  if (value === undefined || value === null) return 'SAM';
  const mode = ADDRESSING_MODES.find((one) => one === value);
  if (mode !== undefined) return mode;
  const shown = typeof value === 'string' ? JSON.stringify(value) : `a value of type ${typeof value}`;
  throw new LongshoreError(
    'E_VOLUME',
    `addressing_mode ${shown} is not known; write ${ADDRESSING_MODES.join(', ')} (case counts), or leave it out`,
  );
}

/** The LUN as the kernel shows it in H:C:T:L and takes it for a scan. Throws `E_VOLUME` for one that the mode cannot express. */
export function kernelLun(lun: number, mode: AddressingMode): number {
  const flat = mode === 'SAM3-flat' || (mode === 'SAM2' && lun >= 256);
  const limit = flat ? FLAT - 1 : SINGLE_LEVEL_MAX;
  if (!Number.isInteger(lun) || lun < 0 || lun > limit) {
    throw new LongshoreError('E_VOLUME', `target_lun ${lun} must be a whole number from 0 to ${limit} with ${mode}`);
  }
  return flat ? lun + FLAT : lun;
}

/** A kernel LUN as udev writes it in by-path names: decimal below 256, else in the 8-byte form. */
export function byPathLun(lun: number): string {
  if (lun < 256) return String(lun);
  return `0x${lun.toString(16).padStart(4, '0')}000000000000`;
}
