import { inspect } from 'node:util';

/**
 * A value that must not be seen: a CHAP secret, a sudo password, a key's passphrase.
 *
 * Every accidental way out (string building, JSON, `console`, an error's fields) gives `[redacted]`;
 * only `reveal()` gives the value, so that the places which use a secret can be found by that word.
 */
export class Secret {
  readonly #value: string;

  constructor(value: string) {
    this.#value = value;
  }

  reveal(): string {
    return this.#value;
  }

  toString(): string {
    return '[redacted]';
  }

  toJSON(): string {
    return '[redacted]';
  }

  [inspect.custom](): string {
    return '[redacted]';
  }
}
