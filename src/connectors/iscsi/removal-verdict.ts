import { LongshoreError } from '../../errors/longshore-error.js';
import type { Wwid } from '../../linux/identifiers.js';
import type { ScsiDevice } from '../../linux/storage-state.js';
import type { LaneReply, LaneRequest } from '../../transport/executor.js';
import { UNWRITTEN } from '../engine/history.js';
import { failedAt, replyError } from '../engine/judge.js';
import type { StepVerdict } from '../engine/step.js';
import { describe } from './identity.js';

/** Note of a step which found that a disk does not answer, so that the next plan takes it for dead. */
export function noAnswerNote(device: ScsiDevice): string {
  return `no answer from ${device.hctl}`;
}

/** What a request of a removal is for: its failure means something else for each. */
export type Label = 'guard' | 'identity' | 'flush' | 'change' | 'gone';

export interface Labelled {
  readonly label: Label;
  readonly request: LaneRequest;
  readonly device?: ScsiDevice;
}

/** What a failed removal means, by the request that failed. */
export function removalVerdict(
  id: string,
  what: string,
  parts: readonly Labelled[],
  replies: readonly LaneReply[],
  wwid: Wwid | null,
  force: boolean,
): StepVerdict {
  const index = failedAt(replies);
  const part = parts[index];
  const reply = replies[index];
  if (part === undefined || reply === undefined) return { ok: true };
  const plain = replyError(id, what, part.request, reply);
  switch (part.label) {
    case 'identity':
      return identityVerdict(id, part.device, reply, wwid, plain);
    case 'flush': {
      // a flush that hangs is still trying; one that failed has been told what is lost, and nobody else will be
      const isLost = reply.kind === 'run' && !reply.timedOut && reply.exit !== null;
      return {
        ok: false,
        weight: 'final',
        error: new LongshoreError('E_FLUSH_FAILED', `${what}: data could not be written: ${plain.message}`, {
          ...plain.details,
          remedy: isLost
            ? 'nothing was removed; what could not be written is lost to the host, so have it written again or check what lies on the volume, then use --force'
            : 'nothing was removed; bring a path back and run this again, or use --force when the data no longer matters',
        }),
        notes: isLost && !force ? [UNWRITTEN] : [],
      };
    }
    case 'change':
    case 'gone':
      if (reply.kind === 'run' && /in use|busy/i.test(`${reply.stdout}${reply.stderr}`)) {
        return {
          ok: false,
          weight: 'retry',
          error: new LongshoreError('E_DEVICE_BUSY', `${what}: it is in use`, plain.details),
        };
      }
      return {
        ok: false,
        weight: 'retry',
        error: new LongshoreError('E_DEVICE_NOT_REMOVED', plain.message, plain.details),
      };
    case 'guard':
      return { ok: false, weight: 'retry', error: plain };
  }
}

function identityVerdict(
  id: string,
  device: ScsiDevice | undefined,
  reply: LaneReply,
  wwid: Wwid | null,
  plain: LongshoreError,
): StepVerdict {
  const name = device === undefined ? id : describe(device);
  if (reply.kind === 'run' && reply.exit === 0 && reply.stdout.trim() !== '') {
    return {
      ok: false,
      weight: 'fatal',
      error: new LongshoreError(
        'E_IDENTITY_MISMATCH',
        `${name} answers ${reply.stdout.trim()}, the volume is ${wwid ?? 'unknown'}`,
        {
          step: id,
          remedy:
            'the array has another volume at this LUN now: nothing was removed; find out which volume this host should have',
        },
      ),
    };
  }
  return {
    ok: false,
    weight: 'retry',
    error: new LongshoreError('E_IDENTITY_UNKNOWN', `${name} does not say who it is: ${plain.message}`, plain.details),
    ...(device === undefined ? {} : { notes: [noAnswerNote(device)] }),
  };
}
