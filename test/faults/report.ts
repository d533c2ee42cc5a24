import { MIXED } from './mixed.js';
import type { PointResult, SweepResult } from './sweep.js';

/** What did not hold at a point, and how to see it again. */
export function failureText({ name, what, problems }: PointResult): string {
  const again = name.startsWith(MIXED) ? `--seed ${name.slice(MIXED.length)}` : `--only ${name}`;
  return [
    `  FAILED ${name}${what === undefined ? '' : `: ${what}`}`,
    ...problems.map((problem) => `    ${problem}`),
    `    again: npm run test:faults -- ${again}`,
  ].join('\n');
}

/** A sweep that has ended: its line, and what did not hold. */
export function sweepText(name: string, { tried, failures }: SweepResult): string {
  const held = String(tried - failures.length);
  const line = `${name.padEnd(52)} ${String(tried).padStart(4)} tried ${held.padStart(4)} held`;
  return [line, ...failures.map(failureText)].join('\n');
}

/** Points by the kind of what went wrong. */
export class Totals {
  readonly #byKind = new Map<string, { tried: number; held: number }>();
  #slow = 0;

  add(kind: string, { tried, failures, slow }: SweepResult): void {
    const total = this.#byKind.get(kind) ?? { tried: 0, held: 0 };
    this.#byKind.set(kind, { tried: total.tried + tried, held: total.held + tried - failures.length });
    this.#slow += slow;
  }

  get allHeld(): boolean {
    const kinds = [...this.#byKind.values()];
    return kinds.length > 0 && kinds.every(({ tried, held }) => tried > 0 && tried === held);
  }

  text(seconds: number): string {
    const rows = [...this.#byKind].map(([kind, { tried, held }]) => row(kind, String(tried), String(held)));
    const sum = (of: 'tried' | 'held'): number => [...this.#byKind.values()].reduce((all, one) => all + one[of], 0);
    return [
      row('KIND', 'TRIED', 'HELD'),
      ...rows,
      `${sum('tried')} fault points tried, ${sum('held')} held, ${this.#slow} of them after more than one resume; ${seconds.toFixed(0)} s`,
    ].join('\n');
  }
}

function row(kind: string, tried: string, held: string): string {
  return `${kind.padEnd(28)} ${tried.padStart(7)} ${held.padStart(7)}`;
}
