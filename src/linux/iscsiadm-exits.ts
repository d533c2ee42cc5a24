type IscsiadmVerb = 'show' | 'new' | 'update' | 'login' | 'logout' | 'delete';

/**
 * ok: done, or was so already; absent: there is nothing to act on; retry: may succeed when tried again; auth: rejected credentials, never
 * tried again (rule S34); fatal: no other attempt helps; unknown: the effect is not known, observe (rule S18).
 */
type IscsiadmClass = 'ok' | 'absent' | 'retry' | 'auth' | 'fatal' | 'unknown';

interface IscsiadmExit {
  readonly code: number;
  readonly meaning: string;
  readonly class: IscsiadmClass;
  /** where one verb differs */
  readonly classOf?: Partial<Readonly<Record<IscsiadmVerb, IscsiadmClass>>>;
}

/** Exit codes of iscsiadm (open-iscsi 2.1, include/iscsi_err.h), of `timeout` around it, and of the shell. */
export const ISCSIADM_EXITS: readonly IscsiadmExit[] = [
  { code: 0, meaning: 'done', class: 'ok' },
  { code: 1, meaning: 'unspecified error', class: 'unknown' },
  { code: 2, meaning: 'session not found', class: 'absent' },
  { code: 3, meaning: 'out of memory', class: 'retry' },
  { code: 4, meaning: 'the portal cannot be reached', class: 'retry' },
  { code: 5, meaning: 'login failed', class: 'retry' },
  { code: 6, meaning: 'the node database could not be read or locked', class: 'retry' },
  { code: 7, meaning: 'invalid argument', class: 'fatal' },
  { code: 8, meaning: 'the portal did not answer in time', class: 'retry' },
  { code: 9, meaning: 'internal error', class: 'unknown' },
  { code: 10, meaning: 'logout failed', class: 'retry' },
  { code: 11, meaning: 'the target did not answer a request in time', class: 'retry' },
  { code: 12, meaning: 'the iSCSI transport (kernel module) is missing', class: 'fatal' },
  { code: 13, meaning: 'no permission: not root', class: 'fatal' },
  { code: 14, meaning: 'not supported by the iSCSI transport', class: 'fatal' },
  // A login that finds the session up has what it wants; a record with a session cannot be deleted or written.
  {
    code: 15,
    meaning: 'the session exists',
    class: 'retry',
    classOf: { login: 'ok' },
  },
  { code: 16, meaning: 'invalid request to iscsid', class: 'fatal' },
  { code: 17, meaning: 'iSNS is not available', class: 'fatal' },
  { code: 18, meaning: 'talking to iscsid failed', class: 'retry' },
  {
    code: 19,
    meaning: 'the target refuses the login for good (its reason, also a rejected secret, is in the output)',
    class: 'fatal',
  },
  { code: 20, meaning: 'iscsid is not running', class: 'retry' },
  { code: 21, meaning: 'no such record or session', class: 'absent' },
  { code: 22, meaning: 'an object was not found in sysfs', class: 'unknown' },
  { code: 23, meaning: 'the address could not be resolved', class: 'fatal' },
  { code: 24, meaning: 'the target rejected the CHAP credentials', class: 'auth' },
  { code: 25, meaning: 'iSNS query failed', class: 'fatal' },
  { code: 26, meaning: 'iSNS registration failed', class: 'fatal' },
  { code: 27, meaning: 'not supported', class: 'fatal' },
  { code: 28, meaning: 'busy', class: 'retry' },
  { code: 29, meaning: 'try again', class: 'retry' },
  { code: 30, meaning: 'unknown discovery type', class: 'fatal' },
  { code: 31, meaning: 'a child process of iscsid ended', class: 'unknown' },
  { code: 32, meaning: 'the session is not connected', class: 'retry' },
  { code: 33, meaning: 'the request timed out', class: 'retry' },
  { code: 124, meaning: 'the time limit ended it', class: 'unknown' },
  { code: 126, meaning: 'iscsiadm may not be run', class: 'fatal' },
  { code: 127, meaning: 'iscsiadm is not installed', class: 'fatal' },
  { code: 137, meaning: 'the time limit killed it', class: 'unknown' },
  // Old versions end with exit(-1) for anything, "not found" too.
  { code: 255, meaning: 'unspecified error of an old version', class: 'unknown' },
];

const BY_CODE = new Map(ISCSIADM_EXITS.map((exit) => [exit.code, exit]));

/** What an exit means for a verb; `null` is a command whose exit was not seen. Codes that nobody knows are `unknown`. */
export function iscsiadmOutcome(
  verb: IscsiadmVerb,
  exit: number | null,
): { readonly class: IscsiadmClass; readonly meaning: string } {
  const found = exit === null ? undefined : BY_CODE.get(exit);
  if (found === undefined) return { class: 'unknown', meaning: exit === null ? 'no exit was seen' : `exit ${exit}` };
  return { class: found.classOf?.[verb] ?? found.class, meaning: found.meaning };
}
