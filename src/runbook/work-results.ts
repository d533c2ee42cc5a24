import { outcomeOfError } from '../connectors/outcome.js';
import type { LongshoreError } from '../errors/longshore-error.js';
import type { HostFindings } from '../fleet/fleet-result.js';
import { asLongshoreError, worstOutcome } from '../fleet/outcome.js';
import type { WorkResult } from './steps/step-kind.js';

/** What a step came to, also when it throws: then that is the one result. `host` is '' for what is about no host. */
export async function resultsOf(
  host: string,
  work: () => Promise<readonly WorkResult[]>,
): Promise<readonly WorkResult[]> {
  try {
    return await work();
  } catch (thrown) {
    const error = asLongshoreError(thrown, host === '' ? undefined : host);
    return [{ host, subject: '', outcome: outcomeOfError(error), message: error.message, warnings: [], error }];
  }
}

/** A host's findings from what its steps did: the worst outcome with its error, and the last word on each volume. */
export function findingsOf(works: readonly WorkResult[]): HostFindings {
  const outcome = worstOutcome(works.map((work) => work.outcome));
  const error: LongshoreError | undefined = works.find(
    (work) => work.outcome === outcome && work.error !== undefined,
  )?.error;
  const volumes = new Map(
    works.flatMap(({ subject, volume }) => (volume === undefined ? [] : [[subject, volume] as const])),
  );
  const command = works.findLast((work) => work.command !== undefined)?.command;
  return {
    outcome,
    ...(error === undefined ? {} : { error }),
    ...(volumes.size === 0 ? {} : { volumes }),
    ...(command === undefined ? {} : { command }),
  };
}
