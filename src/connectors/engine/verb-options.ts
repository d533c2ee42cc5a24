import type { ConnectorContext, VerbOptions } from '../connector.js';
import type { LockRequest } from '../../transport/executor.js';
import type { EngineOptions } from './engine.js';

/** One lock for each host: attach and detach of any volume share sessions, node records and device names. */
const HOST_LOCK = 'host';
const LOCK_WAIT_MS = 30_000;

/** Takes the host's lock, or finds that this run has it already. */
export function hostLock({ runId, controller }: ConnectorContext): LockRequest {
  const owner = `longshore run ${runId}${controller === undefined ? '' : ` (${controller})`}`;
  return { kind: 'lock', name: HOST_LOCK, owner, waitMs: LOCK_WAIT_MS };
}

/** What the engine needs of a verb's options: the host's lock, its journal, and step events under the volume's name. */
export function engineOptions(
  context: ConnectorContext,
  volume: string,
  options: VerbOptions,
  lanes: number = 1,
): EngineOptions {
  const { onEvent, journal } = options;
  return {
    planOnly: options.planOnly === true,
    lanes,
    lock: hostLock(context),
    ...(journal === undefined ? {} : { journal }),
    ...(onEvent === undefined
      ? {}
      : {
          onStep: (step, phase) => {
            if (phase === 'started') onEvent({ type: 'step-started', volume, step: step.id, what: step.what });
            else onEvent({ type: 'step-ended', volume, step: step.id, ok: phase === 'ok' });
          },
        }),
  };
}
