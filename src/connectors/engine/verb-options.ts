import type { ConnectorContext, VerbOptions } from '../connector.js';
import type { EngineOptions } from './engine.js';

/** One lock for each host: attach and detach of any volume share sessions, node records and device names. */
const HOST_LOCK = 'host';
const LOCK_WAIT_MS = 30_000;

/** What the engine needs of a verb's options: the host's lock, and step events under the volume's name. */
export function engineOptions(
  context: ConnectorContext,
  volume: string,
  options: VerbOptions,
  lanes: number = 1,
): EngineOptions {
  const { onEvent } = options;
  return {
    planOnly: options.planOnly === true,
    lanes,
    lock: { kind: 'lock', name: HOST_LOCK, owner: `longshore run ${context.runId}`, waitMs: LOCK_WAIT_MS },
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
