import type { LaneReply } from '../transport/executor.js';
import { firstLine, runOutput, type Fact, type Learnt } from './fact.js';
import type { MultipathdState } from './storage-state.js';

/** One process: a daemon that can list its paths is usable, so `show status` would tell nothing more. */
const SHOW_PATHS_ARGV: readonly string[] = ['multipathd', 'show', 'paths', 'raw', 'format', '%d'];

/** Whether multipathd answers, and which paths it tracks. */
export function multipathdFact(): Fact<Learnt<MultipathdState>> {
  return {
    requests: [{ kind: 'run', argv: SHOW_PATHS_ARGV, boundsItself: true, okExits: 'any', readOnly: true }],
    parse: (replies) => parseMultipathd(replies[0]),
  };
}

/**
 * Whether an answer says that there is no daemon, which then tracks no path: it is not installed, or nobody takes the connection
 * (multipath-tools 0.5 to 0.11). Any other failure is of a daemon that has not answered.
 */
export function saysNoDaemon(reply: LaneReply | undefined): boolean {
  if (reply?.kind !== 'run' || reply.timedOut || reply.exit === null || reply.exit === 0) return false;
  const text = `${reply.stdout}${reply.stderr}`;
  return reply.exit === 127 || text.trim() === '' || NOT_CONNECTED.test(text);
}

const NOT_CONNECTED = /connect.*(?:refused|no such file)|error -?\d* ?connecting|ux_socket_connect/is;

/**
 * Exit 0 alone is no proof: old versions exit 0 with `error receiving packet`, and newer ones with `timeout` while they
 * reconfigure. That it is not usable is a state, not an unknown: `paths` is null then.
 */
function parseMultipathd(reply: LaneReply | undefined): Learnt<MultipathdState> {
  const { value: run, unknowns } = runOutput(reply, 'multipathd');
  if (run === null) {
    return { value: { usable: false, paths: null }, unknowns: saysNoDaemon(reply) ? [] : unknowns };
  }
  const paths: string[] = [];
  for (const line of run.stdout.split('\n').map((text) => text.trim())) {
    // Without any path, some versions answer `ok`.
    if (line === '' || line === 'ok') continue;
    if (!/^[a-z][a-z0-9-]{0,31}$/.test(line) || line === 'timeout' || line === 'fail') {
      const reason = `unexpected answer ${JSON.stringify(firstLine(run.stdout))}`;
      return { value: { usable: false, paths: null }, unknowns: [{ subject: 'multipathd', reason }] };
    }
    paths.push(line);
  }
  return { value: { usable: true, paths }, unknowns: [] };
}
