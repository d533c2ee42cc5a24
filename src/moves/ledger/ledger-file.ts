import { mkdir, open, readFile } from 'node:fs/promises';
import path from 'node:path';
import { LongshoreError } from '../../errors/longshore-error.js';
import { type Ledger, type LedgerEntry, ledgerEntrySchema, type NewLedgerEntry } from './ledger-entry.js';

/**
 * The ledger in one file below the state directory, `ledger.jsonl`: only appended to, one write and one sync for each entry, so that
 * controllers of one machine can share it. An entry that a crash has cut off was never acknowledged, and counts as not written.
 */
export class LedgerFile implements Ledger {
  readonly filePath: string;
  readonly #run: string;
  readonly #now: () => Date;

  constructor(stateDirectory: string, run: string, now: () => Date = () => new Date()) {
    this.filePath = path.join(stateDirectory, 'ledger.jsonl');
    this.#run = run;
    this.#now = now;
  }

  async entries(): Promise<readonly LedgerEntry[]> {
    let text: string;
    try {
      text = await readFile(this.filePath, 'utf8');
    } catch (error) {
      if (codeOf(error) === 'ENOENT') return [];
      throw ledgerError(`${this.filePath} cannot be read (${codeOf(error)})`, error);
    }
    return text.split('\n').flatMap((line, index) => {
      const entry = parseEntry(line, `${this.filePath}:${index + 1}`);
      return entry === null ? [] : [entry];
    });
  }

  async add(...entries: readonly NewLedgerEntry[]): Promise<void> {
    const stamp = { at: this.#now().toISOString(), run: this.#run };
    const lines = entries.map((entry) => `${JSON.stringify({ ...entry, ...stamp })}\n`);
    try {
      await mkdir(path.dirname(this.filePath), { recursive: true, mode: 0o700 });
      const file = await open(this.filePath, 'a', 0o600);
      try {
        // the first newline ends what a crash may have cut off
        await file.writeFile(`\n${lines.join('')}`);
        await file.sync();
      } finally {
        await file.close();
      }
    } catch (error) {
      throw ledgerError(`${this.filePath} cannot be written (${codeOf(error)}): nothing is changed without it`, error);
    }
  }
}

/** Null for a line that is empty or was cut off. Throws `E_JOURNAL` for one that is whole and cannot be understood. */
function parseEntry(line: string, where: string): LedgerEntry | null {
  if (!line.endsWith('}')) return null;
  let value: unknown;
  try {
    value = JSON.parse(line);
  } catch {
    return null;
  }
  const parsed = ledgerEntrySchema.safeParse(value);
  if (parsed.success) return parsed.data;
  const issue = parsed.error.issues[0];
  throw ledgerError(`${where}: damaged: ${issue?.path.join('.') ?? ''} ${issue?.message ?? 'is not valid'}`);
}

function codeOf(error: unknown): string {
  return error instanceof Error && 'code' in error ? String(error.code) : String(error);
}

function ledgerError(message: string, cause?: unknown): LongshoreError {
  return new LongshoreError('E_JOURNAL', `the ledger ${message}`, {
    ...(cause === undefined ? {} : { cause }),
    remedy:
      'mend it, or name another directory with --state-dir or LONGSHORE_STATE_DIR; who owns a volume is not known without it',
  });
}
