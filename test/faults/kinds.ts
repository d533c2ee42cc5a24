import type { FaultEffect } from '../../src/simulator/faults/fault.js';
import type { FaultKind } from './sweep.js';

const SECOND = 1000;
const MINUTE = 60 * SECOND;

function kind(name: string, ...effects: readonly FaultEffect[]): FaultKind {
  return { name, at: (n) => effects.map((effect) => ({ at: n, effect })) };
}

/** What happens to the controller, to its connection, or to the request; the pairs are made of these. */
export const PLAIN_KINDS: readonly FaultKind[] = [
  kind('kill-before', { kind: 'kill-controller', when: 'before' }),
  kind('kill-meanwhile', { kind: 'kill-controller', when: 'meanwhile' }),
  kind('kill-after', { kind: 'kill-controller', when: 'after' }),
  kind('cut-before', { kind: 'cut', when: 'before' }),
  kind('cut-meanwhile', { kind: 'cut', when: 'meanwhile' }),
  kind('cut-after', { kind: 'cut', when: 'after' }),
  kind('hang', { kind: 'hang', forMs: 10 * MINUTE }),
  kind('fail', { kind: 'fail' }),
];

/** The array and the names of things in it, as the kinds of a world's faults need them. */
export interface KindsWorld {
  readonly targetName: string;
  readonly portals: readonly string[];
  /** of the volume under test */
  readonly wwid: string;
  readonly lun: number;
}

/** The only path goes down after the last look at it. */
const BEHIND_THE_LAST_LOOK = /^reported: handed out sd[a-z]+, whose I\/O ends in hang$/;

/** What else happens to the host and the world around it. */
export function worldKinds({ targetName, portals, wwid, lun }: KindsWorld): readonly FaultKind[] {
  const [portal = ''] = portals;
  const other = (digit: string): string => `36001405${digit.repeat(25)}`;
  return [
    kind('hang-unkillable', { kind: 'hang', forMs: 2 * MINUTE, unkillable: true }),
    kind('slow', { kind: 'slow', delayMs: 8 * SECOND }),
    kind('silence', { kind: 'silence', noticedMs: 30 * SECOND, endsMs: 2 * MINUTE }),
    kind('restart-sshd', { kind: 'restart-sshd', downMs: 5 * SECOND }),
    kind('reboot', { kind: 'reboot', downMs: MINUTE }),
    {
      ...kind('portal-down', { kind: 'portal', portal, state: 'down', forMs: MINUTE }),
      tolerates: BEHIND_THE_LAST_LOOK,
    },
    {
      ...kind('portal-refusing', { kind: 'portal', portal, state: 'refusing', forMs: MINUTE }),
      tolerates: BEHIND_THE_LAST_LOOK,
    },
    {
      ...kind('portal-hanging', { kind: 'portal', portal, state: 'hanging', forMs: MINUTE }),
      tolerates: BEHIND_THE_LAST_LOOK,
    },
    {
      ...kind('portal-flapping', { kind: 'portal', portal, state: 'refusing', forMs: 2 * SECOND, times: 5 }),
      tolerates: BEHIND_THE_LAST_LOOK,
    },
    {
      ...kind(
        'all-portals-down',
        ...portals.map((one) => ({ kind: 'portal', portal: one, state: 'down', forMs: MINUTE }) as const),
      ),
      tolerates: BEHIND_THE_LAST_LOOK,
    },
    kind('opened', { kind: 'use', wwid, by: 'opener', forMs: 3 * SECOND }),
    kind('mounted', { kind: 'use', wwid, by: 'mount', forMs: MINUTE }),
    kind('write-error', { kind: 'write-error', wwid, forMs: MINUTE }),
    // of the flush that fails nothing is heard, or nobody is left who could tell of it, or the time is up before the mark is made
    kind('write-error-unheard', { kind: 'write-error', wwid, forMs: SECOND }, { kind: 'cut', when: 'after' }),
    kind(
      'write-error-killed',
      { kind: 'write-error', wwid, forMs: SECOND },
      { kind: 'kill-controller', when: 'after' },
    ),
    {
      name: 'write-error-and-hang',
      at: (n) => [
        { at: n, effect: { kind: 'write-error', wwid, forMs: SECOND } },
        { at: n + 1, effect: { kind: 'hang', forMs: 10 * MINUTE } },
      ],
    },
    kind('slow-array', { kind: 'slow-array', latencyMs: 3 * SECOND, forMs: MINUTE }),
    // right behind the proof, before what the proof was for
    { ...kind('remap', { kind: 'remap', targetName, lun, wwid: other('c') }), tolerates: /misplaced|is 36001405c+$/ },
    // the session that carries it stays, and so does what its record needs
    {
      ...kind('foreign-device', { kind: 'foreign-device', targetName, lun: 7, wwid: other('d') }),
      tolerates: /: record /,
    },
    kind('foreign-session', {
      kind: 'foreign-session',
      targetName: 'iqn.2010-10.org.longshore.sim:newcomer',
      portal: '10.8.0.1:3260',
      wwid: other('e'),
    }),
    kind('other-lock', { kind: 'other-lock', forMs: 10 * SECOND }, { kind: 'cut', when: 'before' }),
    // behind the last look; and whoever does it deletes the records too, also those that were there before
    {
      ...kind('detached-by-hand', { kind: 'detached-by-hand', wwid }),
      tolerates: new RegExp(`^(?:reported: |of another tenant, gone or changed: record ${targetName} )`),
    },
  ];
}
