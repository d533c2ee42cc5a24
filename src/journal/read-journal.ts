import { LongshoreError } from '../errors/longshore-error.js';
import { JOURNAL_VERSION, LINES, type JournalLine, type LineType } from './journal-lines.js';

export interface ReadLines {
  readonly lines: readonly JournalLine[];
  /** the last line was not written to its end: the controller died, or is at work */
  readonly isTorn: boolean;
}

/** How the writer begins a line, so that a kind of line can be told without reading the rest. */
const TYPE = /^\{"v":\d+,"t":"[^"]*","type":"([^"]+)"/;

/**
 * The lines of a journal, or those of some kinds. Kinds of lines that this Longshore does not know are left out: a later one has added them. Throws `E_JOURNAL`
 * with file and line for anything else that is not right, except at the very end.
 */
export function parseJournal(text: string, filePath: string, kinds?: ReadonlySet<LineType>): ReadLines {
  const texts = text.split('\n');
  // what stands behind the last newline; empty when the last write was whole
  const tail = texts.pop() ?? '';
  const isWanted = (one: string): boolean => {
    const type = kinds === undefined ? undefined : TYPE.exec(one)?.[1];
    return type === undefined || kinds?.has(type as LineType) === true;
  };
  const lines = texts.flatMap((one, index) => (isWanted(one) ? (parseLine(one, filePath, index + 1) ?? []) : []));
  if (tail === '') return { lines, isTorn: false };
  const last = isWhole(tail) && isWanted(tail) ? parseLine(tail, filePath, texts.length + 1) : null;
  return { lines: last === null ? lines : [...lines, last], isTorn: last === null };
}

function isWhole(text: string): boolean {
  try {
    JSON.parse(text);
    return true;
  } catch {
    return false;
  }
}

/** null for a kind of line that is not known here. */
function parseLine(text: string, filePath: string, number: number): JournalLine | null {
  let value: unknown;
  try {
    value = JSON.parse(text);
  } catch {
    throw damaged(filePath, number, 'is not JSON');
  }
  if (typeof value !== 'object' || value === null || !('v' in value) || !('type' in value)) {
    throw damaged(filePath, number, 'has no version and type');
  }
  if (value.v !== JOURNAL_VERSION) {
    throw new LongshoreError(
      'E_JOURNAL',
      `${filePath}:${number}: written in version ${JSON.stringify(value.v)} of the journal's format, known is ${JOURNAL_VERSION}`,
      { remedy: 'use the Longshore that wrote it, or a later one' },
    );
  }
  const { type } = value;
  if (typeof type !== 'string') throw damaged(filePath, number, 'has no type');
  if (!Object.hasOwn(LINES, type)) return null;
  const parsed = LINES[type as LineType].safeParse(value);
  if (parsed.success) return parsed.data as JournalLine;
  const issue = parsed.error.issues[0];
  throw damaged(filePath, number, `${type}: ${issue?.path.join('.') ?? ''} ${issue?.message ?? 'is not valid'}`);
}

function damaged(filePath: string, number: number, what: string): LongshoreError {
  return new LongshoreError('E_JOURNAL', `${filePath}:${number}: damaged: ${what}`, {
    remedy:
      'look at that line; what the hosts show counts: longshore status. Move the file away to do without this journal',
  });
}
