import type { Outcome } from '../connectors/connector.js';
import type { ChangeRecord, HostRecord, RunRecord } from './run-record.js';

/** Whether the process that wrote a journal still runs; elsewhere: it ran on another machine, so that nothing can be said. */
export type ControllerState = 'alive' | 'dead' | 'elsewhere';

/** finished: it came to its end; not ended: it ran on another machine, and has not said that it ended */
export type RunState = 'running' | 'finished' | 'interrupted' | 'died' | 'not ended';

/** How a host came out of a run; unfinished: it was begun, and nobody knows how it ended. */
export type HostState = Outcome | 'unfinished' | 'not run';

/** From best to worst. */
export const HOST_STATES = [
  'ok',
  'changed',
  'not run',
  'unreachable',
  'failed',
  'refused',
  'unknown',
  'unfinished',
] as const satisfies readonly HostState[];

export function runState(run: RunRecord, controller: ControllerState): RunState {
  if (run.ended !== null) return run.ended.interrupted ? 'interrupted' : 'finished';
  return controller === 'alive' ? 'running' : controller === 'dead' ? 'died' : 'not ended';
}

export function hostState({ started, ended }: Pick<HostRecord, 'started' | 'ended'>): HostState {
  if (ended !== null) return ended.outcome;
  return started === null ? 'not run' : 'unfinished';
}

/** Each host of a run by the worst of its tasks. A host that no task has named was not run. */
export function hostStates(run: RunRecord): ReadonlyMap<string, HostState> {
  const states = new Map<string, HostState>(run.start.hosts.map((host) => [host, 'ok']));
  const named = new Set<string>();
  for (const task of run.tasks) {
    for (const host of task.hosts.values()) {
      named.add(host.name);
      states.set(host.name, worse(states.get(host.name) ?? 'ok', hostState(host)));
    }
  }
  for (const host of run.start.hosts) if (!named.has(host)) states.set(host, 'not run');
  return states;
}

function worse(a: HostState, b: HostState): HostState {
  return HOST_STATES.indexOf(a) >= HOST_STATES.indexOf(b) ? a : b;
}

/** Changes of which nobody knows whether they were made: announced without an outcome, or with an unknown one. */
export function openChanges(changes: readonly ChangeRecord[]): readonly ChangeRecord[] {
  return changes.filter(({ outcome }) => outcome === null || outcome.result === 'unknown');
}

/** Whether something on the host may be other than it was: a change that is known not to have run does not count. */
export function mayHaveChanged(changes: readonly ChangeRecord[]): boolean {
  return changes.some(({ outcome }) => outcome?.result !== 'not-run');
}
