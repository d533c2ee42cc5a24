import path from 'node:path';
import type { VolumeSpec } from '../connectors/connector.js';
import { JournalFile, type JournalCost } from './journal-file.js';
import { JOURNAL_VERSION, type LineOf, type LineType, type NewLine } from './journal-lines.js';
import type { Override } from './override.js';
import { TaskJournal } from './task-journal.js';
import { definitionTable } from './volume-definition.js';

/** What is written of a run before anything else. */
export type RunHeader = Omit<NewLine<'run-started'>, 'type'>;

/** One verb on some hosts: a run of the command line has one, a runbook has one for each of its tasks. */
export interface TaskHeader {
  readonly verb: string;
  readonly name?: string;
  readonly options: Readonly<Record<string, unknown>>;
  readonly overrides?: readonly Override[];
  readonly hosts: readonly { readonly name: string; readonly volumes: readonly VolumeSpec[] }[];
  /** takes the secrets of a host out of a text that may have come from it or from its errors */
  readonly scrub?: (host: string, text: string) => string;
}

export type Controller = LineOf<'run-started'>['controller'];

export interface RunJournalOptions {
  readonly now?: () => Date;
}

/** Where the journals of runs are, below the state directory. */
export function runsDirectory(stateDirectory: string): string {
  return path.join(stateDirectory, 'runs');
}

/** The journal of one run: what was intended and what happened, in the order in which it did. Format: docs/journal.md. */
export class RunJournal {
  readonly run: string;
  readonly #file: JournalFile;
  readonly #began = performance.now();
  readonly #now: () => Date;
  #tasks = 0;
  #ops = 0;

  private constructor(run: string, file: JournalFile, { now = () => new Date() }: RunJournalOptions) {
    this.run = run;
    this.#file = file;
    this.#now = now;
  }

  /** Makes the journal of a new run below a state directory. It is on disk when this resolves; throws `E_JOURNAL`. */
  static async begin(stateDirectory: string, header: RunHeader, options: RunJournalOptions = {}): Promise<RunJournal> {
    const file = await JournalFile.create(path.join(runsDirectory(stateDirectory), `${header.run}.jsonl`));
    return RunJournal.on(file, header, options);
  }

  /** The same on a file that was opened. */
  static async on(file: JournalFile, header: RunHeader, options: RunJournalOptions = {}): Promise<RunJournal> {
    const journal = new RunJournal(header.run, file, options);
    journal.write({ type: 'run-started', ...header });
    await journal.synced();
    return journal;
  }

  get filePath(): string {
    return this.#file.filePath;
  }

  get cost(): JournalCost {
    return this.#file.cost;
  }

  /** Begins a task: its hosts and volumes are written, and what happens on its hosts goes to what is returned. */
  task({ verb, name, options, overrides = [], hosts, scrub }: TaskHeader): TaskJournal {
    this.#tasks += 1;
    const task = this.#tasks;
    const table = definitionTable(hosts);
    this.write({
      ...{ type: 'task-started', task, verb, ...(name === undefined ? {} : { name }), options },
      ...(overrides.length === 0 ? {} : { overrides: [...overrides] }),
      ...table,
    });
    const wwids = new Map(
      hosts.map((host) => [host.name, new Map(host.volumes.map((volume) => [volume.name, volume.wwid]))]),
    );
    return new TaskJournal(task, {
      write: (line) => this.write(line),
      synced: () => this.synced(),
      failure: () => this.#file.failure,
      nextOp: () => (this.#ops += 1),
      scrub: scrub ?? ((_host, text) => text),
      wwidOf: (host, volume) => wwids.get(host)?.get(volume) ?? null,
    });
  }

  /** Writes a line of any kind. It is on disk when the next `synced` resolves. */
  write<T extends LineType>(line: NewLine<T>): void {
    const { type, ...fields } = line;
    this.#file.append(JSON.stringify({ v: JOURNAL_VERSION, t: this.#now().toISOString(), type, ...fields }));
  }

  /** Resolves when all lines so far are on disk; rejects with `E_JOURNAL`: then no change may be made. */
  synced(): Promise<void> {
    return this.#file.synced();
  }

  interrupted(): void {
    this.write({ type: 'run-interrupted' });
  }

  /** Writes that the run came to its end, and closes the file. Rejects with `E_JOURNAL` when the journal is not complete. */
  async end({ interrupted }: { readonly interrupted: boolean }): Promise<void> {
    this.write({ type: 'run-ended', interrupted, durationMs: Math.round(performance.now() - this.#began) });
    await this.#file.close();
  }
}
