import { TraceNames } from './trace-names.js';
import { isSequence, type SequenceLine, type Trace, type TraceLine } from './trace-format.js';

export interface NormalisedTrace {
  readonly trace: Trace;
  /** what the new names stood for: `sda` to `sdq`, `session1` to `session57` */
  readonly names: ReadonlyMap<string, string>;
}

/**
 * The same recording as another run on another day would have given it: names that the kernel hands out in turn (sessions, SCSI hosts,
 * disks, maps, their major:minor) and processes are numbered as they first appear, run ids and times are replaced, durations are 0. It
 * stays a valid recording that can be replayed, and normalising it again changes nothing.
 */
export function normaliseTrace(trace: Trace): NormalisedTrace {
  const names = new TraceNames();
  for (const line of trace.lines) if (isSequence(line)) eachText(line, (text, filePath) => names.learn(text, filePath));
  return {
    trace: { host: trace.host, lines: trace.lines.map((line) => normalLine(line, names)) },
    names: names.originals(),
  };
}

function normalLine(line: TraceLine, names: TraceNames): TraceLine {
  if (isSequence(line)) return { ...(mapped(line, names) as SequenceLine), ms: 0 };
  if ('closed' in line) return { ...line, counters: { ...line.counters, bytesIn: 0, bytesOut: 0, connectMs: 0 } };
  return { ...line, ms: 0 };
}

/** Every text of a sequence in its order; the content of a file with its path. */
function eachText(value: unknown, use: (text: string, filePath?: string) => void): void {
  if (typeof value === 'string') use(value);
  else if (isArgv(value)) for (const text of argvTexts(value)) use(text);
  else if (Array.isArray(value)) for (const inner of value) eachText(inner, use);
  else if (typeof value === 'object' && value !== null) {
    for (const [key, inner] of Object.entries(value)) {
      use(key);
      if (typeof inner === 'string') use(inner, key);
      else eachText(inner, use);
    }
  }
}

function mapped(value: unknown, names: TraceNames): unknown {
  if (typeof value === 'string') return names.replace(value);
  if (isArgv(value)) {
    return argvTexts(value).map((text, index) =>
      text === value[index] ? names.replace(text) : names.replace(text).replace(SESSION_WORD, ''),
    );
  }
  if (Array.isArray(value)) return value.map((inner: unknown) => mapped(inner, names));
  if (typeof value !== 'object' || value === null) return value;
  return Object.fromEntries(
    Object.entries(value).map(([key, inner]) => [names.replace(key), mapped(inner, names)] as const),
  );
}

const SESSION_WORD = 'session';

/** `iscsiadm -m session -r 5`: the one place where a session's number stands alone. */
function isArgv(value: unknown): value is readonly string[] {
  return Array.isArray(value) && value[0] === 'iscsiadm' && value.every((word) => typeof word === 'string');
}

function argvTexts(argv: readonly string[]): string[] {
  return argv.map((word, index) => (argv[index - 1] === '-r' && /^\d+$/.test(word) ? `${SESSION_WORD}${word}` : word));
}
