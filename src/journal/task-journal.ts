import type { ChangeResult, Intent, VolumeFound, VolumeJournal } from '../connectors/change-journal.js';
import type { Outcome, VolumeResult } from '../connectors/connector.js';
import { reportStep } from '../connectors/engine/show-command.js';
import type { StepReport } from '../connectors/engine/step.js';
import { LongshoreError } from '../errors/longshore-error.js';
import type { LineOf, LineType, NewLine } from './journal-lines.js';

/** What the journal of a run lends to its tasks. */
export interface TaskLines {
  write<T extends LineType>(line: NewLine<T>): void;
  synced(): Promise<void>;
  failure(): LongshoreError | null;
  nextOp(): number;
  scrub(host: string, text: string): string;
  wwidOf(host: string, volume: string): string | null;
}

export interface HostEnd {
  readonly outcome: Outcome;
  readonly durationMs: number;
  readonly roundTrips: number;
  readonly remoteProcesses: number;
  readonly error?: LongshoreError;
  readonly command?: { readonly exit: number | null };
}

export interface StepEnd {
  readonly subject: string;
  readonly outcome: Outcome;
  readonly message: string;
  readonly error?: LongshoreError;
}

/** What happens in one task of a run, host by host. */
export class TaskJournal {
  readonly task: number;
  readonly #lines: TaskLines;
  readonly #hosts = new Map<string, HostJournal>();
  readonly #began = performance.now();

  constructor(task: number, lines: TaskLines) {
    this.task = task;
    this.#lines = lines;
  }

  host(name: string): HostJournal {
    const host = this.#hosts.get(name) ?? new HostJournal(this.task, name, this.#lines);
    this.#hosts.set(name, host);
    return host;
  }

  hostNotRun(host: string): void {
    this.#lines.write({ type: 'host-not-run', task: this.task, host });
  }

  interrupted(): void {
    this.#lines.write({ type: 'run-interrupted' });
  }

  ended(): void {
    this.#lines.write({ type: 'task-ended', task: this.task, durationMs: Math.round(performance.now() - this.#began) });
  }
}

/** What happens on one host in one task. */
export class HostJournal {
  readonly #at: { readonly task: number; readonly host: string };
  readonly #lines: TaskLines;
  readonly #announced = new WeakSet<object>();

  constructor(task: number, host: string, lines: TaskLines) {
    this.#at = { task, host };
    this.#lines = lines;
  }

  /** Throws `E_JOURNAL` when nothing can be written any more: the host is better not begun. */
  requireWritable(): void {
    const failure = this.#lines.failure();
    if (failure !== null) throw failure;
  }

  started(): void {
    this.#lines.write({ type: 'host-started', ...this.#at });
  }

  /** The part of it that a connector writes, for one volume. */
  volume(name: string): VolumeJournal {
    return {
      found: (found) => this.#lines.write({ type: 'found', ...this.#at, volume: name, found: foundLine(found) }),
      intend: (steps) => {
        for (const request of steps.flatMap((step) => step.requests)) this.#announced.add(request);
        return this.#intend(
          steps.map((step) => ({ ...reportStep(step), flushes: step.flushes === true })),
          name,
        );
      },
    };
  }

  /** Whether a request belongs to a step that was announced. */
  isAnnounced(request: object): boolean {
    return this.#announced.has(request);
  }

  /** Announces changes that are no steps of a plan. Resolves when that is on disk, else rejects with `E_JOURNAL`. */
  intend(changes: readonly StepReport[]): Promise<readonly Intent[]> {
    return this.#intend(changes);
  }

  volumeEnded(name: string, result: VolumeResult): void {
    const { outcome, deviceInfo, sizeBytes, paths, warnings, left = [], error } = result;
    const told = deviceInfo?.scsi_wwn ?? '';
    this.#lines.write({
      type: 'volume-ended',
      ...this.#at,
      volume: name,
      outcome,
      deviceInfo: deviceInfo === undefined ? null : { ...deviceInfo },
      wwid: told === '' ? this.#lines.wwidOf(this.#at.host, name) : told,
      sizeBytes: sizeBytes ?? null,
      paths: paths.map((path) => ({ ...path })),
      warnings: warnings.map((warning) => this.#scrub(warning)),
      left: [...left],
      ...this.#errorPart(error),
    });
  }

  /** What a step of a playbook came to. Steps count from 1. */
  stepEnded(place: { readonly step: number; readonly title: string }, end: StepEnd): void {
    const { subject, outcome, message, error } = end;
    const told = this.#scrub(message);
    const { step, title } = place;
    const at = { ...this.#at, step, title, subject, outcome, message: told };
    this.#lines.write({ type: 'step-ended', ...at, ...this.#errorPart(error) });
  }

  ended({ outcome, durationMs, roundTrips, remoteProcesses, error, command }: HostEnd): void {
    this.#lines.write({
      type: 'host-ended',
      ...this.#at,
      outcome,
      durationMs: Math.round(durationMs),
      roundTrips,
      remoteProcesses,
      ...(command === undefined ? {} : { exit: command.exit }),
      ...this.#errorPart(error),
    });
  }

  async #intend(
    changes: readonly (StepReport & { readonly flushes?: boolean })[],
    volume?: string,
  ): Promise<readonly Intent[]> {
    const at = { ...this.#at, ...(volume === undefined ? {} : { volume }) };
    const intents = changes.map(({ id, what, changes: objects, command, flushes }) => {
      const op = this.#lines.nextOp();
      this.#lines.write({
        type: 'intent',
        ...at,
        op,
        step: id,
        what: this.#scrub(what),
        changes: [...objects],
        ...(command === undefined ? {} : { command: this.#scrub(command) }),
        ...(flushes === true ? { flushes } : {}),
      });
      return this.#intentOf(op, at);
    });
    await this.#lines.synced();
    return intents;
  }

  #intentOf(op: number, at: { readonly task: number; readonly host: string; readonly volume?: string }): Intent {
    let isOpen = true;
    return {
      ended: (result: ChangeResult, error?: Error) => {
        if (!isOpen) return;
        isOpen = false;
        this.#lines.write({ type: 'outcome', ...at, op, result, ...this.#errorPart(error) });
      },
    };
  }

  #errorPart(error: Error | undefined): { readonly error?: NonNullable<LineOf<'outcome'>['error']> } {
    if (error === undefined) return {};
    const { code, details } = error instanceof LongshoreError ? error : { code: 'E_INTERNAL', details: {} };
    const { step, command, stderr, remedy } = details;
    const texts = { message: error.message, step, command, stderr: stderr === '' ? undefined : stderr, remedy };
    const kept = Object.entries(texts).filter((entry): entry is [string, string] => entry[1] !== undefined);
    const scrubbed = Object.fromEntries(kept.map(([key, text]) => [key, this.#scrub(text)]));
    return { error: { code, message: '', ...scrubbed } };
  }

  #scrub(text: string): string {
    return this.#lines.scrub(this.#at.host, text);
  }
}

function foundLine(found: VolumeFound): LineOf<'found'>['found'] {
  return JSON.parse(JSON.stringify(found)) as LineOf<'found'>['found'];
}
