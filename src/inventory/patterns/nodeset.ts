import type { Expanded } from '../hosts/host-range.js';

const MAX_NAMES = 100_000;
const NODESET = /\[([\d,/-]+)\]/;

/** True for ClusterShell's ranges of numbers, `node[001-100,105]`; a glob's `[abc]` and a position `[0]` look different. */
export function hasNodeset(text: string): boolean {
  return NODESET.test(text) && !/[*?]/.test(text);
}

/** The names of a nodeset: `node[1-3]-ib[0-1]`, `[001-100/2]` with a step. Leading zeros of the first number give the width. */
export function expandNodeset(text: string): Expanded {
  let names = [''];
  for (const [index, part] of text.split(NODESET).entries()) {
    const choice = index % 2 === 0 ? [part] : expandRanges(part);
    if (typeof choice === 'string') return { ok: false, message: choice };
    if (names.length * choice.length > MAX_NAMES) return { ok: false, message: tooMany() };
    names = names.flatMap((head) => choice.map((tail) => head + tail));
  }
  return { ok: true, names };
}

function expandRanges(ranges: string): readonly string[] | string {
  const found: string[] = [];
  for (const range of ranges.split(',')) {
    const parts = /^(\d{1,15})(?:-(\d{1,15})(?:\/([1-9]\d{0,8}))?)?$/.exec(range);
    if (parts?.[1] === undefined) return `[${ranges}] is no range; write numbers and ranges, such as [1-3,7]`;
    const [, begin, end = begin, step = '1'] = parts;
    if (Number(end) < Number(begin)) return `[${ranges}] ends before it begins; swap the two`;
    if ((Number(end) - Number(begin)) / Number(step) > MAX_NAMES) return tooMany();
    const width = begin.startsWith('0') ? begin.length : 1;
    for (let n = Number(begin); n <= Number(end); n += Number(step)) found.push(String(n).padStart(width, '0'));
  }
  return found;
}

function tooMany(): string {
  return `names more than ${MAX_NAMES} hosts; check the range`;
}
