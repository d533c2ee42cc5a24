/** A name seen as text around the one number that varies. */
interface Piece {
  readonly head: string;
  readonly digits: string;
  readonly tail: string;
}

/**
 * Names as clubak and nodeset show them: `db1,web[01-03]`. Folds one number in each name, the one that most names have in
 * common; leading zeros are kept, so that the short form names exactly the same hosts. Sorted, without duplicates.
 */
export function foldNames(names: Iterable<string>): string {
  const options = [...new Set(names)].map((name) => ({ name, pieces: piecesOf(name) }));
  const sizes = new Map<string, number>();
  for (const { pieces } of options) for (const piece of pieces) sizes.set(keyOf(piece), sizeOf(sizes, piece) + 1);

  const folded: string[] = [];
  const buckets = new Map<string, Piece[]>();
  for (const { name, pieces } of options) {
    // The last number wins a tie: racks are rarer than the hosts in them.
    const best = pieces.reduce<Piece | undefined>(
      (kept, piece) => (kept !== undefined && sizeOf(sizes, kept) > sizeOf(sizes, piece) ? kept : piece),
      undefined,
    );
    if (best === undefined) folded.push(name);
    else {
      const bucket = buckets.get(keyOf(best));
      if (bucket === undefined) buckets.set(keyOf(best), [best]);
      else bucket.push(best);
    }
  }
  for (const bucket of buckets.values()) folded.push(...foldBucket(bucket));
  const collator = new Intl.Collator('en', { numeric: true });
  return folded.sort((a, b) => collator.compare(a, b) || (a < b ? -1 : 1)).join(',');
}

/** Every way to see one number of the name as the part that varies; none for names that the short form could not carry. */
function piecesOf(name: string): Piece[] {
  if (/[[\],:\s]/.test(name)) return [];
  return [...name.matchAll(/\d+/g)]
    .filter(([digits]) => digits.length <= 15)
    .map((match) => ({
      head: name.slice(0, match.index),
      digits: match[0],
      tail: name.slice(match.index + match[0].length),
    }));
}

function keyOf({ head, tail }: Piece): string {
  return `${head}\0${tail}`;
}

function sizeOf(sizes: ReadonlyMap<string, number>, piece: Piece): number {
  return sizes.get(keyOf(piece)) ?? 0;
}

/** One item for each width of numbers with leading zeros, and one for those without: 1 and 01 are different hosts. */
function foldBucket(bucket: readonly Piece[]): string[] {
  const padded = new Set(bucket.filter(({ digits }) => /^0./.test(digits)).map(({ digits }) => digits.length));
  const byWidth = new Map<number, Piece[]>();
  for (const piece of bucket) {
    const width = padded.has(piece.digits.length) ? piece.digits.length : 1;
    const same = byWidth.get(width);
    if (same === undefined) byWidth.set(width, [piece]);
    else same.push(piece);
  }
  return [...byWidth].map(([width, pieces]) => {
    const { head = '', tail = '' } = pieces[0] ?? {};
    const numbers = pieces.map(({ digits }) => Number(digits)).sort((a, b) => a - b);
    const ranges = foldNumbers(numbers, width);
    return pieces.length === 1 ? `${head}${ranges}${tail}` : `${head}[${ranges}]${tail}`;
  });
}

/** `01-03,07` from numbers in order. */
function foldNumbers(numbers: readonly number[], width: number): string {
  const runs: { first: number; last: number }[] = [];
  for (const number of numbers) {
    const run = runs.at(-1);
    if (run !== undefined && number === run.last + 1) run.last = number;
    else runs.push({ first: number, last: number });
  }
  const text = (number: number): string => String(number).padStart(width, '0');
  return runs.map(({ first, last }) => (first === last ? text(first) : `${text(first)}-${text(last)}`)).join(',');
}
