import type { SimulatedHost } from '../host-model.js';
import type { LoginOutcome } from '../model/iscsi-initiator.js';
import type { SimulatedSession } from '../model/iscsi-session.js';
import type { NodeEntry } from '../model/node-database.js';
import { KILLED, lines, printed, type ToolResult } from './tool.js';

/** iscsiadm's exit code and reason for each end of a login (open-iscsi 2.1.8, include/iscsi_err.h). */
const FAILURES: Readonly<Record<Exclude<LoginOutcome, 'accepted' | 'present' | 'killed'>, readonly [number, string]>> =
  {
    unreachable: [8, 'connection timed out'],
    hangs: [8, 'connection timed out'],
    // iscsid tries again until its time for a login is over, and tells of that
    refused: [8, 'connection timed out'],
    unauthorized: [24, 'iSCSI login failed due to authorization failure'],
    'turned-away': [19, 'encountered non-retryable iSCSI login failure'],
    'no-such-target': [19, 'encountered non-retryable iSCSI login failure'],
  };

/** Logs in by all records, side by side, as one iscsiadm does. The last failure is the exit. */
export async function login(
  host: SimulatedHost,
  entries: readonly NodeEntry[],
  signal: AbortSignal,
): Promise<ToolResult> {
  const outcomes = await Promise.all(
    entries.map(async (entry) => ({ entry, outcome: await host.iscsi.login(entry, signal) })),
  );
  const stdout: string[] = [];
  const stderr: string[] = [];
  let exit = 0;
  for (const { entry, outcome } of outcomes) {
    if (outcome === 'killed') return KILLED;
    if (outcome === 'present') {
      stderr.push(`iscsiadm: ${entry.iface}: 1 session requested, but 1 already present.`);
      exit = 15;
      continue;
    }
    stdout.push(`Logging in to ${recordText(entry)}`);
    if (outcome === 'accepted') {
      stdout.push(`Login to ${recordText(entry)} successful.`);
      continue;
    }
    const [code, reason] = FAILURES[outcome];
    stderr.push(`iscsiadm: Could not login to ${recordText(entry)}.`);
    stderr.push(`iscsiadm: initiator reported error (${code} - ${reason})`);
    exit = code;
  }
  if (exit !== 0) stderr.push('iscsiadm: Could not log into all portals');
  return loginResult(lines(stdout), stderr, exit);
}

export async function logout(
  host: SimulatedHost,
  sessions: readonly SimulatedSession[],
  signal: AbortSignal,
): Promise<ToolResult> {
  const stdout: string[] = [];
  for (const session of sessions) {
    const { sid, targetName, address, port } = session.facts;
    const text = `[sid: ${sid}, target: ${targetName}, portal: ${address},${port}]`;
    stdout.push(`Logging out of session ${text}`);
    const done = await host.iscsi.logout(session, signal);
    if (signal.aborted) return KILLED;
    if (done) stdout.push(`Logout of ${text} successful.`);
  }
  return printed(lines(stdout));
}

export function loginResult(stdout: string, stderr: readonly string[], exit: number): ToolResult {
  return { exit, stdout, stderr: lines(stderr) };
}

/** A record as iscsiadm's messages name it. */
export function recordText(entry: NodeEntry): string {
  return `[iface: ${entry.iface}, target: ${entry.targetName}, portal: ${entry.address},${entry.port}]`;
}
