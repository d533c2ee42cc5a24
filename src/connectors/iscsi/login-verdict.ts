import { LongshoreError } from '../../errors/longshore-error.js';
import type { LaneReply, LaneRequest } from '../../transport/executor.js';
import { replyError } from '../engine/judge.js';
import { showRequest } from '../engine/show-command.js';
import type { StepVerdict } from '../engine/step.js';
import type { TargetTriple } from './goal.js';

/** iscsiadm exits after which the same login may go well a moment later: database locked, busy, try again, iscsid did not answer in time (open-iscsi 2.1.8). */
const RETRY_EXITS: ReadonlySet<number> = new Set([6, 28, 29, 33]);
/** ISCSI_ERR_LOGIN_AUTH_FAILED: another try can lock the account out at the array (S34). */
const REJECTED_EXIT = 24;
/** ISCSI_ERR_FATAL_LOGIN: among others, iscsid turned the target away because its answer to the mutual challenge was wrong. */
const FATAL_EXIT = 19;

/**
 * What the end of `iscsiadm --login` means. iscsid has its own retries behind it, so a portal that does not answer is
 * not tried again; a rejected secret ends the attach at once.
 */
export function loginVerdict(
  step: string,
  triple: TargetTriple,
  request: LaneRequest,
  reply: LaneReply | undefined,
  mutual = false,
): StepVerdict {
  if (reply?.kind !== 'run') {
    return { ok: false, error: replyError(step, step, request, reply), weight: 'retry' };
  }
  if (reply.ok) return { ok: true };
  const where = `${triple.targetName} at ${triple.portal}`;
  const details = { step, stderr: reply.stderr.slice(-2048), command: showRequest(request) };
  // iscsiadm exits 19 for any fatal login answer; the target's reason is only in what it says
  if (reply.exit === REJECTED_EXIT || /authorization failure/i.test(`${reply.stdout}${reply.stderr}`)) {
    return {
      ok: false,
      weight: 'fatal',
      error: new LongshoreError('E_LOGIN_REJECTED', `the target rejected the login to ${where}`, {
        ...details,
        remedy:
          'check auth_username, auth_password and the access list for this initiator on the array; it was tried once',
      }),
    };
  }
  // which of the secrets is wrong, iscsiadm does not say; another try is no use for either
  if (mutual && reply.exit === FATAL_EXIT) {
    return {
      ok: false,
      weight: 'fatal',
      error: new LongshoreError('E_LOGIN_REJECTED', `the login to ${where} ended for good, with mutual CHAP`, {
        ...details,
        remedy:
          'check mutual_auth_username and mutual_auth_password, which the array has to answer with, and that the target exists; it was tried once',
      }),
    };
  }
  if (reply.exit !== null && RETRY_EXITS.has(reply.exit)) {
    return { ok: false, error: replyError(step, `log in to ${where}`, request, reply), weight: 'retry' };
  }
  return {
    ok: false,
    weight: 'final',
    error: new LongshoreError(
      'E_PORTAL_UNREACHABLE',
      `no session to ${where}: ${reply.timedOut ? 'no answer in time' : `iscsiadm exit ${reply.exit ?? 'none'}`}`,
      { ...details, remedy: 'check the portal, its network and the target on the array' },
    ),
  };
}
