import type { Chap, LoginAnswer } from '../array-model.js';
import { pause } from '../../time/clock.js';
import { until } from '../change-feed.js';
import type { HostEnvironment } from './environment.js';
import { portalText, SimulatedSession } from './iscsi-session.js';
import { lowestFree } from './lowest-free.js';
import { type NodeEntry, nodeSettings } from './node-database.js';
import type { ScsiLayer } from './scsi-layer.js';

export type LoginOutcome = LoginAnswer | 'present' | 'killed';

/** iscsid and the kernel's iSCSI transport: logins, logouts, session numbers. */
export class IscsiInitiator {
  readonly #environment: HostEnvironment;
  readonly #scsi: ScsiLayer;
  readonly #sessions = new Map<number, SimulatedSession>();
  readonly #loggingIn = new Set<string>();
  #lastSid = 0;

  constructor(environment: HostEnvironment, scsi: ScsiLayer) {
    this.#environment = environment;
    this.#scsi = scsi;
  }

  get sessions(): readonly SimulatedSession[] {
    return [...this.#sessions.values()];
  }

  sessionsOf(entry: NodeEntry): readonly SimulatedSession[] {
    return this.sessions.filter(
      ({ facts }) =>
        facts.targetName === entry.targetName &&
        facts.address === entry.address &&
        facts.port === entry.port &&
        facts.iface === entry.iface,
    );
  }

  /** As many sessions as the record wants: `node.session.nr_sessions`. */
  async login(entry: NodeEntry, signal: AbortSignal): Promise<LoginOutcome> {
    const key = `${entry.targetName} ${portalText(entry.address, entry.port)} ${entry.iface}`;
    const wanted = Number(nodeSettings(entry).get('node.session.nr_sessions') ?? '1');
    if (this.sessionsOf(entry).length >= wanted || this.#loggingIn.has(key)) return 'present';
    this.#loggingIn.add(key);
    try {
      let outcome: LoginOutcome = 'present';
      while (this.sessionsOf(entry).length < wanted) {
        outcome = await this.#loginOnce(entry, signal);
        if (outcome !== 'accepted') break;
      }
      return outcome;
    } finally {
      this.#loggingIn.delete(key);
    }
  }

  /** The target's devices go with the session, whoever uses them. */
  async logout(session: SimulatedSession, signal: AbortSignal): Promise<boolean> {
    const { clock, delays, changes } = this.#environment;
    if (!(await pause(clock, delays.logoutMs, signal))) return false;
    if (this.#sessions.get(session.facts.sid) !== session) return false;
    for (const unit of this.#scsi.units) if (unit.session === session) this.#scsi.delete(unit);
    session.end();
    this.#sessions.delete(session.facts.sid);
    changes.changed();
    return true;
  }

  /** Ends all timers of all sessions. */
  stop(): void {
    for (const session of this.sessions) session.end();
  }

  /** The kernel is gone, and its sessions with it. Numbers begin again. */
  powerOff(): void {
    this.stop();
    this.#sessions.clear();
    this.#lastSid = 0;
  }

  /** What open-iscsi's service does at boot: logs in by every record whose start-up is automatic. */
  async start(entries: readonly NodeEntry[], signal: AbortSignal): Promise<void> {
    const automatic = entries.filter((entry) => nodeSettings(entry).get('node.startup') === 'automatic');
    await Promise.all(automatic.map((entry) => this.login(entry, signal)));
  }

  async #loginOnce(entry: NodeEntry, signal: AbortSignal): Promise<LoginOutcome> {
    const { array, clock, delays, changes, initiatorName } = this.#environment;
    const { targetName, address, port, iface } = entry;
    const portal = portalText(address, port);
    const tryLogin = (): LoginAnswer => array.login({ portal, targetName, initiatorName, chap: chapOf(entry) });
    if (!(await pause(clock, delays.loginMs, signal))) return 'killed';
    const answer = tryLogin();
    if (answer === 'hangs') {
      // iscsid keeps trying until its own time is up
      const answered = await until([array.changes], clock, () => array.portalState(portal) === 'up', {
        timeoutMs: delays.loginTimeoutMs,
        signal,
      });
      if (signal.aborted) return 'killed';
      if (!answered || tryLogin() !== 'accepted') return 'hangs';
    } else if (answer !== 'accepted') {
      return answer;
    }
    this.#lastSid += 1;
    const scsiHost = lowestFree(this.sessions.map((session) => session.facts.scsiHost));
    const scan = nodeSettings(entry).get('node.session.scan') === 'manual' ? 'manual' : 'auto';
    const username = chapOf(entry)?.username ?? null;
    const session = new SimulatedSession(
      this.#environment,
      { sid: this.#lastSid, scsiHost, targetName, address, port, iface, username, scan },
      tryLogin,
    );
    this.#sessions.set(session.facts.sid, session);
    changes.changed();
    if (scan === 'auto') void this.#scsi.scan(session, null);
    return 'accepted';
  }
}

function chapOf(entry: NodeEntry): Chap | null {
  const settings = nodeSettings(entry);
  if (settings.get('node.session.auth.authmethod') !== 'CHAP') return null;
  const back = settings.get('node.session.auth.username_in');
  return {
    username: settings.get('node.session.auth.username') ?? '',
    password: settings.get('node.session.auth.password') ?? '',
    ...(back === undefined
      ? {}
      : { mutual: { username: back, password: settings.get('node.session.auth.password_in') ?? '' } }),
  };
}
