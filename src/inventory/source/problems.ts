import { type ErrorCode, LongshoreError } from '../../errors/longshore-error.js';

/** A place in an input file; line and column count from 1. */
export interface SourcePosition {
  readonly filePath: string;
  readonly line: number;
  readonly column: number;
}

export type DocumentPath = readonly (string | number)[];

const MAX_SHOWN = 20;

/**
 * What is wrong with the input, collected so that a user can mend a file in one go. A problem that many hosts inherit from one place
 * counts once.
 */
export class ProblemList {
  readonly #lines = new Map<string, 'input' | 'secret'>();

  /** `message` says what is wrong and what to write instead; it never holds a secret's value. */
  add(position: SourcePosition, path: DocumentPath, message: string, kind: 'input' | 'secret' = 'input'): void {
    this.#lines.set(problemLine(position, path, message), kind);
  }

  get count(): number {
    return this.#lines.size;
  }

  /** Throws one error for all problems: `code`, or `E_SECRET` when they are all about secrets. */
  throwIfAny(code: ErrorCode): void {
    if (this.#lines.size === 0) return;
    const secretsOnly = [...this.#lines.values()].every((kind) => kind === 'secret');
    throw new LongshoreError(secretsOnly ? 'E_SECRET' : code, joinProblems([...this.#lines.keys()]));
  }
}

/** At most 20 lines, then how many more there are. */
export function joinProblems(lines: readonly string[]): string {
  const shown = lines.slice(0, MAX_SHOWN);
  if (lines.length > MAX_SHOWN) shown.push(`... and ${lines.length - MAX_SHOWN} more problems`);
  return shown.join('\n');
}

/** `file:line:column path.in.document: message` */
export function problemLine(position: SourcePosition, path: DocumentPath, message: string): string {
  const where = `${position.filePath}:${position.line}:${position.column}`;
  return path.length === 0 ? `${where}: ${message}` : `${where} ${formatPath(path)}: ${message}`;
}

/** `all.hosts.web01.volumes.data.target_luns[1]` */
export function formatPath(path: DocumentPath): string {
  return path
    .map((part, index) =>
      typeof part === 'number'
        ? `[${part}]`
        : `${index === 0 ? '' : '.'}${/^[^\s"'\p{C}]{1,60}$/u.test(part) ? part : quoted(part)}`,
    )
    .join('');
}

/** Text of the user's in a message: quoted, control characters escaped, cut at 60 characters. */
export function quoted(text: string): string {
  const cut = text.length > 60 ? `${text.slice(0, 60)}...` : text;
  // JSON leaves DEL, C1 controls and direction marks alone; a terminal must not see them.
  return JSON.stringify(cut).replace(/\p{C}/gu, (char) => `\\u${char.charCodeAt(0).toString(16).padStart(4, '0')}`);
}
