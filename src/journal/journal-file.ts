import { mkdir, open, type FileHandle } from 'node:fs/promises';
import path from 'node:path';
import { LongshoreError } from '../errors/longshore-error.js';

interface Batch {
  readonly lines: string[];
  readonly done: Promise<void>;
  readonly resolve: () => void;
  readonly reject: (error: LongshoreError) => void;
}

export interface JournalCost {
  readonly lines: number;
  readonly bytes: number;
  /** times that the file was brought to the disk */
  readonly syncs: number;
}

/**
 * A file that is only appended to. Lines that are given in one turn of the event loop, or while the disk is busy with earlier ones, go to
 * it in one write and one fdatasync: a thousand hosts at work share them. After the first failure nothing more is written, so that a
 * torn line can only be the last.
 */
export class JournalFile {
  readonly filePath: string;
  readonly #file: FileHandle;
  #next: Batch | null = null;
  #current: Batch | null = null;
  #failure: LongshoreError | null = null;
  #lines = 0;
  #bytes = 0;
  #syncs = 0;

  constructor(file: FileHandle, filePath: string) {
    this.#file = file;
    this.filePath = filePath;
  }

  /**
   * Makes the file, for its owner alone, in a directory that is made when it is missing. Throws `E_JOURNAL` when that cannot be, or when
   * there is such a file.
   */
  static async create(filePath: string): Promise<JournalFile> {
    const directory = path.dirname(filePath);
    try {
      await mkdir(directory, { recursive: true, mode: 0o700 });
      const file = await open(filePath, 'ax', 0o600);
      await syncDirectory(directory);
      return new JournalFile(file, filePath);
    } catch (error) {
      throw journalError(filePath, error);
    }
  }

  /** why nothing is written any more; null: all is well */
  get failure(): LongshoreError | null {
    return this.#failure;
  }

  get cost(): JournalCost {
    return { lines: this.#lines, bytes: this.#bytes, syncs: this.#syncs };
  }

  /** Takes a line without its end. It is on disk when the next `synced` resolves. */
  append(line: string): void {
    if (this.#failure !== null) return;
    if (this.#next === null) {
      this.#next = newBatch();
      if (this.#current === null) setImmediate(() => void this.#write());
    }
    this.#next.lines.push(`${line}\n`);
  }

  /** Resolves when all that was appended so far is on disk; rejects with `E_JOURNAL` when it never will be. */
  synced(): Promise<void> {
    if (this.#failure !== null) return Promise.reject(this.#failure);
    return (this.#next ?? this.#current)?.done ?? Promise.resolve();
  }

  /** Brings what is left to the disk, and closes. Rejects like `synced`. */
  async close(): Promise<void> {
    try {
      await this.synced();
    } finally {
      await this.#file.close().catch(() => undefined);
    }
  }

  async #write(): Promise<void> {
    for (let batch = this.#take(); batch !== null; batch = this.#take()) {
      try {
        await this.#toDisk(batch.lines);
        batch.resolve();
      } catch (error) {
        // a disk that failed once may have dropped what it had taken before: nothing is tried again on this file
        this.#failure = journalError(this.filePath, error);
        batch.reject(this.#failure);
        this.#next?.reject(this.#failure);
        this.#next = null;
      }
    }
  }

  #take(): Batch | null {
    this.#current = this.#next;
    this.#next = null;
    return this.#current;
  }

  async #toDisk(lines: readonly string[]): Promise<void> {
    const bytes = Buffer.from(lines.join(''));
    for (let at = 0; at < bytes.length;) {
      const { bytesWritten } = await this.#file.write(bytes, at, bytes.length - at);
      at += bytesWritten;
    }
    await this.#file.datasync();
    this.#lines += lines.length;
    this.#bytes += bytes.length;
    this.#syncs += 1;
  }
}

function newBatch(): Batch {
  let resolve: () => void = () => undefined;
  let reject: (error: LongshoreError) => void = () => undefined;
  const done = new Promise<void>((onDone, onFailure) => {
    resolve = onDone;
    reject = onFailure;
  });
  // nobody has to wait for it
  done.catch(() => undefined);
  return { lines: [], done, resolve, reject };
}

/** The name of a new file is on disk only with its directory. */
async function syncDirectory(directory: string): Promise<void> {
  const handle = await open(directory, 'r');
  try {
    await handle.sync();
  } finally {
    await handle.close();
  }
}

function journalError(filePath: string, error: unknown): LongshoreError {
  const code = error instanceof Error && 'code' in error ? String(error.code) : String(error);
  return new LongshoreError(
    'E_JOURNAL',
    `the journal ${filePath} cannot be written (${code}): no change is made without it`,
    {
      cause: error,
      remedy: 'make room there or make it writable, or name another directory with --state-dir or LONGSHORE_STATE_DIR',
    },
  );
}
