import type { LaneReply } from '../transport/executor.js';
import { firstLine, runOutput, type Fact, type Learnt } from './fact.js';

/** A section of multipath's configuration: `name "value"` lines, and the sections inside it. */
export interface MultipathSection {
  readonly name: string;
  readonly entries: readonly { readonly name: string; readonly value: string }[];
  readonly sections: readonly MultipathSection[];
}

export interface MultipathSettings {
  /** multipathd answers on its socket */
  readonly running: boolean;
  /** what multipathd works with now, built-in values included; `devices` only of hardware that is there. null when it did not say */
  readonly config: MultipathSection | null;
}

/** `local` leaves out the hardware table's hundred entries for arrays that this host does not have. */
const ARGV: readonly string[] = ['multipathd', 'show', 'config', 'local'];

/** The configuration in force, not the file: what multipathd was started with and has built in counts. One process. */
export function multipathSettingsFact(): Fact<Learnt<MultipathSettings>> {
  return {
    requests: [{ kind: 'run', argv: ARGV, boundsItself: true, okExits: 'any', readOnly: true }],
    parse: (replies) => parseMultipathSettings(replies[0]),
  };
}

/** That it is not running or not installed is a state, not an unknown; an answer that makes no sense is one. */
function parseMultipathSettings(reply: LaneReply | undefined): Learnt<MultipathSettings> {
  const { value: run, unknowns } = runOutput(reply, 'multipathd show config');
  if (run === null) {
    const absent = reply?.kind === 'run' && reply.exit !== null && !reply.timedOut && !reply.truncated;
    // whoever says too much does run
    const running = reply?.kind === 'run' && reply.truncated;
    return { value: { running, config: null }, unknowns: absent ? [] : unknowns };
  }
  const config = parseMultipathConfig(run.stdout);
  if (config !== null) return { value: { running: true, config }, unknowns: [] };
  const reason = `unexpected answer ${JSON.stringify(firstLine(run.stdout))}`;
  // `error receiving packet`, `timeout`: whoever says that is no usable daemon, whatever the exit
  return {
    value: { running: false, config: null },
    unknowns: [{ subject: 'multipathd show config', reason }],
  };
}

/** null unless every line belongs to the format and every section is closed. */
export function parseMultipathConfig(text: string): MultipathSection | null {
  interface Open {
    readonly name: string;
    readonly entries: { name: string; value: string }[];
    readonly sections: MultipathSection[];
  }
  const root: Open = { name: '', entries: [], sections: [] };
  const stack: Open[] = [root];
  for (const raw of text.split('\n')) {
    const line = raw.trim();
    const top = stack.at(-1) ?? root;
    if (line === '' || line.startsWith('#') || line.startsWith('!')) continue;
    const section = /^(\w+) ?\{$/.exec(line)?.[1];
    if (section !== undefined) {
      const opened: Open = { name: section, entries: [], sections: [] };
      top.sections.push(opened);
      stack.push(opened);
    } else if (line === '}') {
      if (stack.length < 2) return null;
      stack.pop();
    } else {
      const [, name, quotedValue, bareValue] = /^(\w+)\s+(?:"(.*)"|([^"\s]+))$/.exec(line) ?? [];
      const value = quotedValue ?? bareValue;
      if (name === undefined || value === undefined || stack.length < 2) return null;
      top.entries.push({ name, value: value.replaceAll('""', '"') });
    }
  }
  return stack.length === 1 && root.sections.some(({ name }) => name === 'defaults') ? root : null;
}
