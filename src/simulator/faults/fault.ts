import type { PortalState } from '../array-model.js';

/** Something that goes wrong on a simulated host, as data. */
export interface Fault {
  /** with the host's nth request, from 1, since the schedule was set; requests that are skipped do not count */
  readonly at: number;
  readonly effect: FaultEffect;
}

export type FaultEffect = RequestEffect | ConnectionEffect | WorldEffect;

/** The request itself goes wrong. */
export type RequestEffect =
  /** it is not done; a command exits so, a write is an I/O error, a wait ends without having seen it, files cannot be read */
  | { readonly kind: 'fail'; readonly exit?: number; readonly stderr?: string }
  /**
   * It does nothing for a time. The host's time limit ends a command before it has done anything, unless it is `unkillable`; everything else is done
   * when the time is over, whoever still waits for it.
   */
  | { readonly kind: 'hang'; readonly forMs: number; readonly unkillable?: boolean }
  /** it is done, later, if its time limit allows */
  | { readonly kind: 'slow'; readonly delayMs: number };

/** Whether the request is not done, goes on beside, or has been done when the connection ends. */
export type CutMoment = 'before' | 'meanwhile' | 'after';

/** Something happens to the connection, or to one of its ends. */
export type ConnectionEffect =
  | { readonly kind: 'cut'; readonly when: CutMoment }
  /** nothing arrives any more: the controller gives up after `noticedMs`, the host's sshd after `endsMs`; until then the host does what it was sent */
  | { readonly kind: 'silence'; readonly noticedMs: number; readonly endsMs: number }
  /** the controller stops existing */
  | { readonly kind: 'kill-controller'; readonly when: CutMoment }
  /** all connections end, and for a time there is no new one */
  | { readonly kind: 'restart-sshd'; readonly downMs: number }
  /** see `SimulatedHost.reboot`; the request is not done */
  | { readonly kind: 'reboot'; readonly downMs: number };

/** The world changes as the request arrives; the request is done in the world as it is then. */
export type WorldEffect =
  /** a portal, for a time or for good; `times`: it comes and goes so often, each for that time */
  | {
      readonly kind: 'portal';
      readonly portal: string;
      readonly state: PortalState;
      readonly forMs?: number;
      readonly times?: number;
    }
  /** somebody opens or mounts the map of a volume, or its disk where it has no map */
  | { readonly kind: 'use'; readonly wwid: string; readonly by: 'opener' | 'mount'; readonly forMs: number }
  | { readonly kind: 'write-error'; readonly wwid: string; readonly forMs: number }
  | { readonly kind: 'slow-array'; readonly latencyMs: number; readonly forMs: number }
  /** the array has another volume at a LUN from now on; hosts are not told */
  | { readonly kind: 'remap'; readonly targetName: string; readonly lun: number; readonly wwid: string }
  /** another tenant's volume comes to the sessions of a target */
  | { readonly kind: 'foreign-device'; readonly targetName: string; readonly lun: number; readonly wwid: string }
  /** another tenant's record, and a session by it, to a target of its own */
  | { readonly kind: 'foreign-session'; readonly targetName: string; readonly portal: string; readonly wwid: string }
  /** another controller takes the host's lock as soon as it can have it, and keeps it for a time */
  | { readonly kind: 'other-lock'; readonly forMs: number }
  /** somebody detaches the volume by hand, without looking at the lock */
  | { readonly kind: 'detached-by-hand'; readonly wwid: string };
