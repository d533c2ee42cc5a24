/** More hosts than any fleet; a slip such as `[1:99999999]` must not fill the memory. */
const MAX_HOSTS = 100_000;

const LETTERS = 'abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ';

export type Expanded =
  { readonly ok: true; readonly names: readonly string[] } | { readonly ok: false; readonly message: string };

/**
 * Ansible's host ranges: `web[01:50]`, `[a:f]`, steps `[1:10:2]`, several in one name; both ends are in. Leading zeros give the width. A
 * name without a range is itself.
 */
export function expandHostRange(pattern: string): Expanded {
  const parts = pattern.split(/\[([^[\]]*:[^[\]]*)\]/);
  const choices: (readonly string[])[] = [];
  let total = 1;
  for (const [index, part] of parts.entries()) {
    const sequence = index % 2 === 0 ? [part] : expandBounds(part);
    if (typeof sequence === 'string') return { ok: false, message: sequence };
    choices.push(sequence);
    total *= sequence.length;
    if (total > MAX_HOSTS) return { ok: false, message: tooMany() };
  }
  let names: string[] = [''];
  for (const choice of choices) names = names.flatMap((head) => choice.map((tail) => head + tail));
  return { ok: true, names };
}

/** The members of `begin:end[:step]`, or what is wrong with it. */
function expandBounds(range: string): readonly string[] | string {
  const [begin = '', end = '', step = '1', ...rest] = range.split(':');
  if (rest.length > 0) return `[${range}] has too many ":"; write [BEGIN:END] or [BEGIN:END:STEP]`;
  if (end === '') return `[${range}] has no end; write [BEGIN:END], both ends are in`;
  if (!/^[1-9]\d{0,8}$/.test(step)) return `[${range}] has a step that is not a number above 0; write [BEGIN:END:STEP]`;
  const by = Number(step);
  const [from, to] = [LETTERS.indexOf(begin), LETTERS.indexOf(end)];
  if (begin.length === 1 && end.length === 1 && from >= 0 && to >= 0) {
    return from > to ? backwards(range) : [...LETTERS.slice(from, to + 1)].filter((_, index) => index % by === 0);
  }
  const first = begin === '' ? '0' : begin;
  if (!/^\d{1,15}$/.test(first) || !/^\d{1,15}$/.test(end)) {
    return `[${range}] is neither a range of numbers nor of single letters; write [01:50] or [a:f]`;
  }
  const padded = first.length > 1 && first.startsWith('0');
  if (padded && first.length !== end.length)
    return `[${range}] has ends of different width; write both with ${end.length} digits`;
  if (Number(first) > Number(end)) return backwards(range);
  const count = Math.floor((Number(end) - Number(first)) / by) + 1;
  if (count > MAX_HOSTS) return tooMany();
  return Array.from({ length: count }, (_, n) =>
    String(Number(first) + n * by).padStart(padded ? first.length : 1, '0'),
  );
}

function backwards(range: string): string {
  return `[${range}] ends before it begins; swap the two`;
}

function tooMany(): string {
  return `gives more than ${MAX_HOSTS} hosts; check the range`;
}

/** True when there is a `[begin:end]` to expand. */
export function hasHostRange(text: string): boolean {
  return /\[[^[\]]*:[^[\]]*\]/.test(text);
}
