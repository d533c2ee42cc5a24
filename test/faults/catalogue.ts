import { createFleetModel } from '../../src/simulator/fleet-model.js';
import { iscsiCase, type IscsiCaseOptions } from './iscsi-cases.js';
import { PROCESS, sweepKilled } from './killed-process.js';
import { PLAIN_KINDS, worldKinds } from './kinds.js';
import { MIXED, sweepMixed, tryMixed } from './mixed.js';
import { pairNamed, PAIRS, sweepPairs } from './pairs.js';
import { type FaultKind, type PointResult, sweepKind, type SweepResult, tryPoint } from './sweep.js';

/** One line of the report: one verb, one way on, one kind of fault, at every request. */
export interface Sweep {
  /** `CASE/KIND`; a point of it is `CASE/KIND@N` */
  readonly name: string;
  /** of the fault, by which the report adds up */
  readonly kind: string;
  /** part of what runs at every change; the full set has all of them, and nearly every point */
  readonly isQuick: boolean;
  run(options: { readonly full: boolean }): Promise<SweepResult>;
  /** one point by its number; not for pairs, whose names say it all */
  tryAt?(n: number): Promise<PointResult>;
}

const fleet = createFleetModel({ hosts: 1 });
fleet.stop();
const [VOLUME] = fleet.volumes;
const WORLD_KINDS = worldKinds({
  targetName: fleet.targetName,
  portals: fleet.portals,
  wwid: VOLUME?.wwid ?? '',
  lun: VOLUME?.lun ?? 0,
});
const ALL_KINDS = [...PLAIN_KINDS, ...WORLD_KINDS];

const LAYOUTS = [
  { multipath: true, beside: 'nothing' },
  { multipath: false, beside: 'nothing' },
  { multipath: true, beside: 'sessions' },
  { multipath: true, beside: 'records' },
] as const;

const VERB_SWEEPS: readonly Sweep[] = (['attach', 'detach', 'extend'] as const).flatMap((verb) =>
  LAYOUTS.flatMap((layout) =>
    (['again', 'undo'] as const).flatMap((resume) =>
      ALL_KINDS.map((kind) => sweepOf({ verb, ...layout, resume }, kind)),
    ),
  ),
);

/** Pairs are many: shares of them, so that processes can work side by side. */
const PAIR_SHARES = 8;
const PAIR_SWEEPS = Array.from({ length: PAIR_SHARES }, (_, from): Sweep => ({
  name: `${PAIRS}share-${from + 1}`,
  kind: 'two in one detach',
  isQuick: false,
  run: () => sweepPairs(from, PAIR_SHARES),
}));

const PROCESS_SWEEPS = (['attach', 'detach'] as const).map((verb): Sweep => ({
  name: `${PROCESS}${verb}`,
  kind: 'real SIGKILL of a process',
  isQuick: false,
  run: () => sweepKilled(verb, { every: 1 }),
}));

const MIXED_SHARES = 8;
const SEEDS_OF_A_SHARE = { full: 250, quick: 8 } as const;
const MIXED_SWEEPS = Array.from({ length: MIXED_SHARES }, (_, share): Sweep => ({
  name: `mixed/share-${share + 1}`,
  kind: 'several by a seed',
  isQuick: true,
  run: ({ full }) =>
    sweepMixed(1 + share * SEEDS_OF_A_SHARE.full, SEEDS_OF_A_SHARE[full ? 'full' : 'quick'], ALL_KINDS),
}));

/** All sweeps of attach, detach and extend, the pairs of faults in a detach, faults by seeds, and real processes that are killed. */
export const SWEEPS: readonly Sweep[] = [...PROCESS_SWEEPS, ...VERB_SWEEPS, ...MIXED_SWEEPS, ...PAIR_SWEEPS];

function sweepOf(options: IscsiCaseOptions, kind: FaultKind): Sweep {
  const sweep = iscsiCase(options);
  const isPlain = PLAIN_KINDS.includes(kind);
  // what is tried at each change: every point of the plain kinds, and a part of the rest that differs from kind to kind
  const isWhole = isPlain && options.beside === 'nothing' && options.resume === 'again';
  const every = isWhole ? 1 : isPlain ? 24 : 32;
  // in full, what happens around the host beside others' things: each second point, for it is their number that takes the time
  const everyInFull = isPlain || options.beside === 'nothing' ? 1 : 2;
  return {
    name: `${sweep.name}/${kind.name}`,
    kind: kind.name,
    isQuick: isWhole || isPlain || (options.multipath && options.resume === 'again'),
    run: ({ full }) => sweepKind(sweep, kind, { every: full ? everyInFull : every }),
    tryAt: (n) => tryPoint(sweep, { name: `${kind.name}@${n}`, faults: kind.at(n), tolerates: kind.tolerates }),
  };
}

/** What a seed stands for: several faults of different kinds in one verb and its resume. */
export function pointOfSeed(seed: number): Promise<PointResult> {
  return tryMixed(seed, ALL_KINDS);
}

/** The point that a name such as `detach-multipath/again/cut-after@7` means; throws for a name that means none. */
export function pointNamed(name: string): () => Promise<PointResult> {
  const pair = pairNamed(name);
  if (pair !== null) return pair;
  if (name.startsWith(MIXED)) return () => pointOfSeed(Number(name.slice(MIXED.length)));
  const [, sweepName = '', n = ''] = /^(.*)@(\d+)$/.exec(name) ?? [];
  const sweep = SWEEPS.find((one) => one.name === sweepName);
  const tryAt = sweep?.tryAt;
  if (tryAt === undefined || Number(n) < 1) {
    throw new Error(
      `${name} is no fault point; write it as SWEEP@N, with one of these for SWEEP:\n${SWEEPS.map((one) => `  ${one.name}`).join('\n')}`,
    );
  }
  return () => tryAt(Number(n));
}
