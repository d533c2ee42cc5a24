import type { Target } from './targets.js';

/** What one tool needed for its cycles of attach and detach. */
export interface Timing {
  readonly tool: string;
  readonly kind: 'single' | 'multipath';
  /** seconds */
  readonly cycles: readonly {
    readonly attach: number;
    readonly detach: number;
    /** of these, until the connection and its first lane were there; os-brick has none to make */
    readonly connecting?: { readonly attach: number; readonly detach: number };
  }[];
  readonly roundTrips?: { readonly attach: number; readonly detach: number };
  readonly processes?: { readonly attach: number; readonly detach: number };
}

/** Round trips of the verbs that are not timed. */
export type Trips = Readonly<Record<'extend' | 'facts' | 'status', number>>;

const LONGSHORE = 'Longshore, over SSH';
export const BESIDE_OTHERS = 'Longshore, over SSH, beside 1,000 SCSI disks of others';
/** of its own time without them */
const MOST_BESIDE_OTHERS = 1.5;
/** of os-brick's time */
const MOST = 0.7;
const MOST_TRIPS = { attach: 4, detach: 4, extend: 2, facts: 1, status: 1 } as const;

/** What the project wants of multipath volumes, beside what came out; times with the connecting and without. */
export function labTargets(timings: readonly Timing[], trips: Trips): readonly Target[] {
  const find = (prefix: string): Timing | undefined =>
    timings.find(({ tool, kind }) => kind === 'multipath' && tool.startsWith(prefix));
  const [own, other] = [find(LONGSHORE), find('os-brick')];
  if (own === undefined || other === undefined) return [];
  const times = (['attach', 'detach'] as const).flatMap((verb) =>
    ([true, false] as const).map((withConnecting): Target => {
      const seconds = own.cycles.map((cycle) => cycle[verb] - (withConnecting ? 0 : (cycle.connecting?.[verb] ?? 0)));
      const ratio = median(seconds) / median(other.cycles.map((cycle) => cycle[verb]));
      return {
        what: `multipath ${verb} ${withConnecting ? 'with' : 'without'} connecting, of os-brick's time`,
        wanted: `at most ${MOST} x`,
        found: `${ratio.toFixed(2)} x`,
        isReached: ratio <= MOST,
      };
    }),
  );
  const beside = find(BESIDE_OTHERS);
  const loaded = (beside === undefined ? [] : (['attach', 'detach'] as const)).map((verb): Target => {
    const [many, none] = [beside, own].map((one) => median((one?.cycles ?? []).map((cycle) => cycle[verb])));
    const ratio = (many ?? Number.NaN) / (none ?? Number.NaN);
    return {
      what: `multipath ${verb} beside 1,000 SCSI disks of others, of the time without them`,
      wanted: `at most ${MOST_BESIDE_OTHERS} x`,
      found: `${ratio.toFixed(2)} x`,
      isReached: ratio <= MOST_BESIDE_OTHERS,
    };
  });
  const counts = { ...trips, ...(own.roundTrips ?? { attach: Number.NaN, detach: Number.NaN }) };
  const roundTrips = (['attach', 'detach', 'extend', 'facts', 'status'] as const).map((verb): Target => ({
    what: `round trips of ${verb}`,
    wanted: `at most ${MOST_TRIPS[verb]}`,
    found: String(counts[verb]),
    isReached: counts[verb] <= MOST_TRIPS[verb],
  }));
  return [...times, ...loaded, ...roundTrips];
}

export function median(values: readonly number[]): number {
  const sorted = [...values].sort((a, b) => a - b);
  return sorted[Math.floor(sorted.length / 2)] ?? Number.NaN;
}
