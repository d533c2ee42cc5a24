import { parseAddress } from '../hosts/host-names.js';

/** One part of a pattern; `and` (`:&`) and `not` (`:!`) count after all unions, wherever they stand. */
export interface PatternTerm {
  readonly op: 'or' | 'and' | 'not';
  readonly text: string;
}

/**
 * Takes a pattern apart at `,` and `:`, but not inside brackets, nor inside the groups of a `~regex`, nor inside an IPv6 address or a
 * name that `isName` knows.
 */
export function splitPattern(pattern: string, isName: (text: string) => boolean): PatternTerm[] {
  const terms: PatternTerm[] = [];
  for (let at = 0; at <= pattern.length;) {
    const [head = '', sign] = /^\s*([&!]?)\s*/.exec(pattern.slice(at)) ?? [];
    at += head.length;
    const toComma = pattern.slice(at, termEnd(pattern, at, ',')).trim();
    const whole = isName(toComma) || isIpv6(toComma);
    const end = termEnd(pattern, at, whole ? ',' : ',:');
    const text = pattern.slice(at, end).trim();
    if (text !== '') terms.push({ op: sign === '&' ? 'and' : sign === '!' ? 'not' : 'or', text });
    at = end + 1;
  }
  return terms;
}

/** Where the term that begins at `from` ends: at the next separator outside brackets. */
function termEnd(pattern: string, from: number, separators: string): number {
  const regex = pattern[from] === '~';
  const [open, close] = regex ? ['[({', '])}'] : ['[', ']'];
  let depth = 0;
  for (let at = from; at < pattern.length; at++) {
    const char = pattern[at] ?? '';
    if (regex && char === '\\') at++;
    else if (open.includes(char)) depth++;
    else if (close.includes(char)) depth = Math.max(0, depth - 1);
    else if (depth === 0 && separators.includes(char)) return at;
  }
  return pattern.length;
}

function isIpv6(text: string): boolean {
  return text.includes(':') && parseAddress(text) !== null;
}
