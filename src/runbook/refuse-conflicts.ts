import { LongshoreError } from '../errors/longshore-error.js';
import { refuseConflicts } from '../fleet/volume-conflicts.js';
import type { Runbook } from './playbook.js';

/**
 * Refuses, before any host is connected to, a step that would attach one volume on several hosts of its play (rule S40).
 *
 * @throws LongshoreError E_CONFLICT with the step's place in the file
 */
export function refuseStepConflicts({ plays }: Runbook): void {
  for (const play of plays) {
    for (const step of play.steps) {
      if (step.kind.logsIn !== true || step.kind.scope !== 'host') continue;
      try {
        refuseConflicts(play.hosts.map(({ name }) => ({ host: name, volumes: step.on(name).volumes })));
      } catch (thrown) {
        if (!(thrown instanceof LongshoreError)) throw thrown;
        const { filePath, line, column } = step.position;
        throw new LongshoreError(thrown.code, `${filePath}:${line}:${column}: ${thrown.message}`, thrown.details);
      }
    }
  }
}
