import { LongshoreError } from '../errors/longshore-error.js';

/** Half of a surrogate pair: it would reach the host as another character. */
const LONE_SURROGATE = /\p{Surrogate}/u;

/**
 * A word as POSIX sh reads it back unchanged, whatever is in it: the one place of shell quoting. Between single quotes no character but
 * the quote itself means anything to a shell, newlines and control characters included.
 *
 * Throws `E_USAGE` for what cannot reach a program's argv unchanged: NUL, and halves of surrogate pairs.
 */
export function quoteWord(word: string): string {
  if (word.includes('\0')) {
    throw new LongshoreError('E_USAGE', 'a word of a command cannot contain a NUL character');
  }
  if (LONE_SURROGATE.test(word)) {
    throw new LongshoreError('E_USAGE', 'a word of a command must be valid Unicode text');
  }
  return `'${word.replaceAll("'", `'\\''`)}'`;
}

/**
 * Takes quoted words apart again: the inverse of `quoteWord` for words joined by single blanks. null when `text` is not of
 * that form.
 */
export function unquoteWords(text: string): string[] | null {
  const words: string[] = [];
  let at = 0;
  while (at < text.length) {
    let word = '';
    if (text[at] !== "'") return null;
    while (text[at] === "'") {
      const end = text.indexOf("'", at + 1);
      if (end === -1) return null;
      word += text.slice(at + 1, end);
      at = end + 1;
      if (text.startsWith("\\'", at)) {
        word += "'";
        at += 2;
        if (text[at] !== "'") return null;
      }
    }
    words.push(word);
    if (at < text.length && text[at] !== ' ') return null;
    at += 1;
  }
  return words;
}
