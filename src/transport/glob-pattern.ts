import { LongshoreError } from '../errors/longshore-error.js';
import { quoteWord } from './quote-word.js';

/**
 * Path patterns: `*`, `?`, `[abc]`, `[!a-z]`; a backslash makes the next character ordinary; everything else stands for itself, whatever it
 * would mean to a shell. What looks like a bracket expression but holds other characters than letters, digits and `_ . : -` is ordinary
 * text too. So a pattern made of hostile text matches that text, or nothing.
 */
const BRACKET = /^\[!?[A-Za-z0-9_.:-]+\]/;
/** What only stands for itself: nearly every component of every path. */
const PLAIN = /^[^*?[\\]+$/;

/** A pattern that matches exactly this text: for names put into patterns, such as by-path links with `[fd00::1]` in them. */
export function literalPattern(text: string): string {
  return text.replaceAll(/[*?[\]\\{]/g, String.raw`\$&`);
}

/** Where a pattern goes on from what a `find` has found: the place, and the name of the find. */
const FOUND = /(?<!\\)\{([a-z]+)\}/;

/**
 * The pattern as shell text that the remote shell expands (by `eval`): literal parts quoted, glob characters not. Each path component is
 * quoted on its own, so that the text can be cut at its slashes. A pattern with a `{NAME}` becomes `@NAME TEXT`, with a variable of the
 * lane library in its place. Throws `E_USAGE` for a pattern that is not an absolute path.
 */
export function patternToShell(pattern: string): string {
  const [token = '', name = ''] = FOUND.exec(pattern) ?? [];
  if (name === '') return absoluteToShell(pattern);
  const at = pattern.indexOf(token);
  const rest = partsToShell(pattern.slice(at + token.length));
  return at === 0 ? `@${name} "$lD"${rest}` : `@${name} ${absoluteToShell(pattern.slice(0, at))}"$lN"${rest}`;
}

function absoluteToShell(pattern: string): string {
  if (!pattern.startsWith('/')) throw new LongshoreError('E_USAGE', 'a path pattern must begin with /');
  return partsToShell(pattern);
}

function partsToShell(pattern: string): string {
  return pattern
    .split('/')
    .map((component) => {
      if (PLAIN.test(component)) return quoteWord(component);
      return partsOf(component)
        .map((part) => (part.active ? part.text : quoteWord(part.text)))
        .join('');
    })
    .join('/');
}

/** The inverse of `patternToShell`, up to needless backslashes. */
export function patternFromShell(text: string): string {
  const [, name, found] = /^@([a-z]+) (.*)$/s.exec(text) ?? [];
  if (name !== undefined && found !== undefined) return patternFromShell(found.replace(/"\$l[DN]"/, `{${name}}`));
  return text.replaceAll(/'([^']*)'|\\'/g, (quoted, literal?: string) =>
    quoted === String.raw`\'` ? "'" : literalPattern(literal ?? ''),
  );
}

interface PatternPart {
  readonly active: boolean;
  readonly text: string;
}

function partsOf(component: string): readonly PatternPart[] {
  const parts: PatternPart[] = [];
  let literal = '';
  for (let at = 0; at < component.length;) {
    const rest = component.slice(at);
    const active = /^[*?]/.exec(rest)?.[0] ?? BRACKET.exec(rest)?.[0];
    if (active === undefined) {
      const escaped = rest.startsWith('\\') && rest.length > 1;
      literal += escaped ? (rest[1] ?? '') : (rest[0] ?? '');
      at += escaped ? 2 : 1;
      continue;
    }
    if (literal !== '') parts.push({ active: false, text: literal });
    literal = '';
    parts.push({ active: true, text: active });
    at += active.length;
  }
  if (literal !== '') parts.push({ active: false, text: literal });
  return parts;
}
