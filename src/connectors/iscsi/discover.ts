import { LongshoreError } from '../../errors/longshore-error.js';
import {
  deleteDiscoveryRecordArgv,
  discoverArgv,
  discoverByRecordArgv,
  newDiscoveryRecordArgv,
} from '../../linux/iscsiadm.js';
import { portalAddress, portalPort } from '../../linux/identifiers.js';
import { parseSendTargets } from '../../linux/send-targets.js';
import { Secret } from '../../secrets/secret.js';
import type { LaneReply, LaneRequest, RunReply, RunRequest } from '../../transport/executor.js';
import type { ConnectorContext } from '../connector.js';
import { hostLock } from '../engine/verb-options.js';
import { chapSettings, type ChapCredentials } from './credentials.js';
import { distinct, type IscsiGoal, type TargetTriple } from './goal.js';
import { selectTargets } from './known-targets.js';

/** Longest that a discovery may take, ms: a silent portal is retried by iscsiadm for much longer. */
const DISCOVERY_MS = 30_000;
const RECORD_ROOTS = ['/etc/iscsi/send_targets', '/var/lib/iscsi/send_targets'];

/**
 * The goal with all ways that its portal offers (SendTargets). Without credentials one round trip that changes nothing on the host; with
 * them two, and the discovery record with the secret is gone, or as it was, when this returns.
 *
 * @throws LongshoreError E_PORTAL_UNREACHABLE, E_LOGIN_REJECTED, E_DEVICE_NOT_FOUND
 */
export async function discoverTargets(
  context: ConnectorContext,
  goal: IscsiGoal,
  planOnly: boolean,
): Promise<{ readonly goal: IscsiGoal; readonly warnings: readonly string[] }> {
  const [wanted] = goal.targets;
  if (goal.discovery === null || wanted === undefined) return { goal, warnings: [] };
  const { chap } = goal.discovery;
  if (planOnly && chap !== null) {
    const why =
      'a discovery with CHAP writes its secret to the host, so a plan does not do it: only one portal is shown';
    return { goal, warnings: [why] };
  }
  const reply =
    chap === null ? await discoverPlain(context, goal, wanted) : await discoverByRecord(context, goal, wanted, chap);
  const offered = parseSendTargets(reply.stdout);
  if (reply.exit !== 0 && reply.exit !== 21) throw discoveryError(wanted, reply);
  if (offered.length === 0) {
    throw new LongshoreError('E_DEVICE_NOT_FOUND', `${wanted.portal} offers no target to this host`, {
      remedy: 'check the access list for this initiator on the array',
    });
  }
  return { goal: { ...goal, targets: distinct(selectTargets(wanted, offered)) }, warnings: [] };
}

async function discoverPlain(context: ConnectorContext, goal: IscsiGoal, { portal }: TargetTriple): Promise<RunReply> {
  const request: RunRequest = {
    kind: 'run',
    argv: discoverArgv(portal, goal.iface),
    timeoutMs: DISCOVERY_MS,
    okExits: 'any',
    readOnly: true,
  };
  const [reply] = await context.executor.sequence(context.deadline, [request]);
  return runReply(reply);
}

/**
 * open-iscsi takes discovery credentials only from the portal's discovery record, so one is made and deleted again; the operator's own is
 * copied before and moved back after, with all that belongs to it. The secret is appended to its file by way of stdin.
 */
async function discoverByRecord(
  context: ConnectorContext,
  goal: IscsiGoal,
  { portal }: TargetTriple,
  chap: ChapCredentials,
): Promise<RunReply> {
  const { executor, deadline } = context;
  const files = RECORD_ROOTS.map((root) => `${root}/${portalAddress(portal)},${portalPort(portal)}/st_config`);
  const [lock, listed] = await executor.sequence(deadline, [
    hostLock(context),
    { kind: 'list', patterns: files.flatMap((file) => [file, `${file}${SAVED}`]) },
  ]);
  if (!lock.ok) throw new LongshoreError('E_LOCKED', 'another controller is at work on this host');
  const found = listed.kind === 'list' ? listed.paths : [];
  const own = found.find((path) => !path.endsWith(SAVED));
  const lines = chapSettings('discovery.sendtargets.auth', chap).map(([name, value]) => `${name} = ${value}\n`);
  const discover: LaneRequest = {
    kind: 'run',
    argv: discoverByRecordArgv(portal, goal.iface),
    timeoutMs: DISCOVERY_MS,
    okExits: 'any',
  };
  const write: LaneRequest = {
    kind: 'write',
    append: true,
    filePath: own ?? files,
    content: new Secret(lines.join('')),
  };
  const before: LaneRequest =
    own === undefined
      ? { kind: 'run', argv: newDiscoveryRecordArgv(portal), boundsItself: true }
      : // one that an interrupted discovery has saved is the operator's, not what stands there now
        { kind: 'run', argv: ['cp', '-n', '-p', own, `${own}${SAVED}`] };
  const after: LaneRequest =
    own === undefined
      ? { kind: 'run', argv: deleteDiscoveryRecordArgv(portal), boundsItself: true, okExits: [0, 21] }
      : { kind: 'run', argv: ['mv', '-f', `${own}${SAVED}`, own] };
  const replies: readonly LaneReply[] = await executor.sequence(deadline, [before, write, discover, after]);
  const failed = replies.find((reply) => !reply.ok);
  if (failed !== undefined) {
    // what stopped the sequence must not leave the secret behind
    await executor.sequence(deadline, [{ ...after, okExits: 'any' }]);
    const why = failed.kind === 'run' ? failed.stderr.trim() : failed.kind === 'write' ? failed.error : failed.kind;
    throw new LongshoreError('E_COMMAND', `the discovery record of ${portal} could not be used: ${why}`);
  }
  return runReply(replies[2]);
}

const SAVED = '.before-longshore';

function runReply(reply: LaneReply | undefined): RunReply {
  if (reply?.kind === 'run') return reply;
  throw new LongshoreError('E_INTERNAL', 'the discovery was not run');
}

function discoveryError({ portal }: TargetTriple, reply: RunReply): LongshoreError {
  const details = { stderr: reply.stderr.slice(-2048).trim() };
  if (reply.exit === 24 || /authorization failure|authentication failure/i.test(reply.stderr)) {
    return new LongshoreError('E_LOGIN_REJECTED', `${portal} rejected the discovery login`, {
      ...details,
      remedy: 'check discovery_auth_username and discovery_auth_password; it was tried once',
    });
  }
  const why = reply.timedOut ? 'no answer in time' : `iscsiadm exit ${reply.exit ?? 'none'}`;
  return new LongshoreError('E_PORTAL_UNREACHABLE', `discovery at ${portal} failed: ${why}`, {
    ...details,
    remedy: 'check the portal and its network, or give target_portals and target_iqns so that no discovery is needed',
  });
}
