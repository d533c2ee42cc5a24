import type { FileHandle } from 'node:fs/promises';

/**
 * When the controller's machine dies, after so many lines of its journal:
 * at-once: with the last of them on disk, before anything that waited for it is done;
 * at-next: as the next line is about to be written, so that all that the last one announced has been done, or has been begun;
 * torn: the same, and the first half of that next line is on disk.
 */
export type Death = 'at-once' | 'at-next' | 'torn';

export interface DyingDisk {
  /** for `JournalFile` */
  readonly handle: FileHandle;
  /** what is on the disk */
  text(): string;
}

/** A journal's file in memory, on a machine that dies after `lines` lines of it. `onDeath` is called once; whoever waits for the disk then waits for ever. */
export function dyingDisk(lines: number, death: Death, onDeath: () => void): DyingDisk {
  let text = '';
  let isDead = false;
  const die = (): Promise<never> => {
    if (!isDead) onDeath();
    isDead = true;
    return new Promise<never>(() => undefined);
  };
  const disk = {
    write(bytes: Buffer, at: number, length: number): Promise<{ bytesWritten: number }> {
      if (isDead) return die();
      const written = (text + bytes.toString('utf8', at, at + length)).split('\n');
      const count = written.length - 1;
      if (count > lines) {
        const next = written[lines] ?? '';
        const half = death === 'torn' ? next.slice(0, Math.ceil(next.length / 2)) : '';
        text =
          written
            .slice(0, lines)
            .map((line) => `${line}\n`)
            .join('') + half;
        return die();
      }
      text = written.join('\n');
      return count === lines && death === 'at-once' ? die() : Promise.resolve({ bytesWritten: length });
    },
    datasync: () => (isDead ? die() : Promise.resolve()),
    close: () => Promise.resolve(),
  };
  return { handle: disk as unknown as FileHandle, text: () => text };
}
