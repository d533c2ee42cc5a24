import { Secret } from './secret.js';

/** What stands in a recording where a secret stood. */
export const REDACTED = '[redacted]';

/** One line of settings, as open-iscsi's node records have them: `name = value`, or a comment. */
const SETTING = /^(?:(?<name>[\w.[\]-]+) = (?<value>.*)|#.*)$/;
const SECRET_NAME = /pass|secret|key|token/i;
/** Passwords in open-iscsi's files and in what prints them, whoever knows them. */
const PASSWORD_LINE = /^(.*password(?:_in)?[ \t]*[=:][ \t]*)\S.*$/gim;
/** What the kernel shows of a session's CHAP login. */
const PASSWORD_FILE = /\/password(?:_in)?$/;
/** Shorter ones are replaced only where they stand alone: "1" would be everywhere. */
const SHORT = 4;

/**
 * Takes secrets out of what is recorded: every `Secret` that was seen so far or named ahead, and what is a password by the place where it
 * stands. Of a `Secret` that is a text of settings only the values of those that are named like one count: the rest is in every
 * answer of the host.
 */
export class SecretScrubber {
  readonly #values = new Set<string>();
  #pattern: RegExp | null = null;

  constructor(secrets: Iterable<Secret> = []) {
    for (const secret of secrets) this.learn(secret);
  }

  /** From now on its value is taken out of everything. One that cannot be had is no danger. */
  learn(secret: Secret): void {
    for (const value of valuesOf(secret)) {
      for (const form of [value, JSON.stringify(value).slice(1, -1)]) {
        if (this.#values.has(form)) continue;
        this.#values.add(form);
        this.#pattern = null;
      }
    }
  }

  text(text: string): string {
    return this.#known(text).replace(PASSWORD_LINE, `$1${REDACTED}`);
  }

  /** The content of a file of the host. */
  content(filePath: string, text: string): string {
    return PASSWORD_FILE.test(filePath) ? REDACTED : this.text(text);
  }

  #known(text: string): string {
    if (this.#values.size === 0) return text;
    // the longest first: one secret may hold another
    this.#pattern ??= new RegExp(
      [...this.#values]
        .sort((a, b) => b.length - a.length)
        .map(patternOf)
        .join('|'),
      'gu',
    );
    return text.replace(this.#pattern, REDACTED);
  }
}

/** Every `Secret` in a value, however deep. */
export function* secretsIn(value: unknown): Generator<Secret> {
  if (value instanceof Secret) yield value;
  else if (value instanceof Map) for (const inner of value.values()) yield* secretsIn(inner);
  else if (typeof value === 'object' && value !== null)
    for (const inner of Object.values(value)) yield* secretsIn(inner);
}

function patternOf(value: string): string {
  const exact = value.replace(/[\\^$.*+?()[\]{}|/]/g, '\\$&');
  return value.length < SHORT ? `(?<![\\p{L}\\p{N}_])${exact}(?![\\p{L}\\p{N}_])` : exact;
}

function valuesOf(secret: Secret): string[] {
  const lines = revealed(secret)
    .split('\n')
    .filter((line) => line !== '');
  const settings = lines.map((line) => SETTING.exec(line));
  if (revealed(secret).includes('\n') && settings.every((setting) => setting !== null)) {
    return settings.flatMap((setting) => {
      const { name = '', value = '' } = setting.groups ?? {};
      return SECRET_NAME.test(name) && value !== '' ? [value] : [];
    });
  }
  return lines.length > 1 ? [lines.join('\n'), ...lines] : lines;
}

function revealed(secret: Secret): string {
  try {
    return secret.reveal();
  } catch {
    // a reference in the inventory to something that is not there
    return '';
  }
}
