import { closeSync, mkdirSync, openSync, readFileSync, renameSync, writeSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { LongshoreError } from '../../errors/longshore-error.js';
import type { Executor } from '../executor.js';
import { readTrace } from './read-trace.js';
import { HostRecording, type RecordingOptions, type RecordingSink } from './recording-executor.js';
import { HostReplay } from './replay-executor.js';
import type { Trace } from './trace-format.js';

/**
 * record: works on the host, writes a new file, and never over one that is there. replay: answers from the file, and never connects.
 * update: as record, but a file that is there is replaced when the new one is complete.
 */
export type TraceMode = 'record' | 'replay' | 'update';

export interface TracedHost {
  /** A connection to the host or, in replay, to its recording. */
  connect(open: () => Promise<Executor>): Promise<Executor>;
  /** Ends the recording; in replay, throws `E_REPLAY` when something recorded was not asked for. */
  finish(): void;
}

export interface TraceFileOptions extends RecordingOptions {
  /** told once when nothing more can be written; the work on the host goes on */
  readonly onWriteError?: (error: Error) => void;
}

/** The file of a host's recording; a name with a slash in it stays in the directory. */
export function traceFilePath(directory: string, host: string): string {
  return join(directory, `${encodeURIComponent(host)}.jsonl`);
}

/** Records a host to a file of mode 0600, or replays it. Throws `E_USAGE` when the file is there already, not there, or no recording. */
export function tracedHost(
  host: string,
  filePath: string,
  mode: TraceMode,
  { onWriteError, ...options }: TraceFileOptions = {},
): TracedHost {
  if (mode === 'replay') {
    const replay = new HostReplay(readTraceFile(filePath), options);
    return { connect: () => replay.connect(), finish: () => replay.finish() };
  }
  const writtenTo = mode === 'update' ? `${filePath}.new` : filePath;
  const sink = fileSink(writtenTo, mode === 'update' ? 'w' : 'wx', onWriteError);
  const recording = new HostRecording(host, sink, options);
  return {
    connect: (open) => recording.connect(open),
    finish() {
      sink.release();
      if (mode === 'update') renameSync(writtenTo, filePath);
    },
  };
}

export function readTraceFile(filePath: string): Trace {
  return readTrace(
    withFile(filePath, () => readFileSync(filePath, 'utf8')),
    filePath,
  );
}

/**
 * Each line is with the kernel when `write` returns: a controller that dies tears at most the last one. Begins with an empty file, and goes
 * on behind its end after it was released.
 */
function fileSink(
  filePath: string,
  flags: 'w' | 'wx',
  onWriteError: (error: Error) => void = () => undefined,
): Required<RecordingSink> {
  let hasFailed = false;
  let descriptor: number | null = withFile(filePath, () => {
    mkdirSync(dirname(filePath), { recursive: true, mode: 0o700 });
    return openSync(filePath, flags, 0o600);
  });
  const release = (): void => {
    if (descriptor !== null) closeSync(descriptor);
    descriptor = null;
  };
  return {
    write(text) {
      if (hasFailed) return;
      try {
        descriptor ??= openSync(filePath, 'a', 0o600);
        const bytes = Buffer.from(text);
        for (let at = 0; at < bytes.length;) at += writeSync(descriptor, bytes, at);
      } catch (error) {
        hasFailed = true;
        release();
        onWriteError(error instanceof Error ? error : new Error(String(error)));
      }
    },
    release,
  };
}

function withFile<T>(filePath: string, work: () => T): T {
  try {
    return work();
  } catch (error) {
    const code = error instanceof Error && 'code' in error ? String(error.code) : String(error);
    if (code === 'EEXIST') {
      throw new LongshoreError('E_USAGE', `${filePath} is there already; nothing is written over a recording`, {
        remedy: 'Name another directory, or remove the file.',
      });
    }
    throw new LongshoreError('E_USAGE', `${filePath} cannot be opened (${code})`);
  }
}
