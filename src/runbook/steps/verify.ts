import { z } from 'zod';
import type { VolumeResult, VolumeSpec } from '../../connectors/connector.js';
import { outcomeOfError } from '../../connectors/outcome.js';
import { connectorFor } from '../../connectors/registry.js';
import { LongshoreError } from '../../errors/longshore-error.js';
import { asLongshoreError } from '../../fleet/outcome.js';
import { readOnlyExecutor } from '../../transport/read-only-executor.js';
import { minPathsOption, volumeStateOption } from './option-schemas.js';
import { defineStep, type HostStepContext, type PlannedWork, type WorkResult } from './step-kind.js';
import { volumeOption } from './volume-option.js';
import { connectorContext, livePaths, plannedWork, workResult } from './volume-step.js';

const options = z.strictObject({
  volume: volumeOption,
  state: volumeStateOption.optional().meta({ description: 'attached (default), or absent: nothing of it is left' }),
  min_paths: minPathsOption.optional().meta({ description: 'Live paths that must answer; default 1' }),
});
type Options = z.output<typeof options>;

export const verify = defineStep({
  name: 'verify',
  summary: 'Prove that volumes are attached, each live path asked who it is and read from, or that nothing is left',
  scope: 'host',
  options,
  shorthand: 'volume',
  volumes: 'always',
  changes: () => 'nothing',
  effect: ({ state }: Options) => ({ needs: state ?? 'attached' }),
  bearsDirty: () => true,
  async plan(wanted: Options, context): Promise<readonly PlannedWork[]> {
    const proofs: PlannedWork[] = [];
    for (const volume of context.volumes) {
      proofs.push(plannedWork(context.host.name, volume, await proof(wanted, context, volume)));
    }
    return proofs;
  },
  async run(wanted: Options, context): Promise<readonly WorkResult[]> {
    const results: WorkResult[] = [];
    for (const volume of context.volumes) {
      const result = await proof(wanted, context, volume);
      const message = (wanted.state ?? 'attached') === 'absent' ? 'nothing of it is left' : undefined;
      results.push(
        workResult(context.host.name, volume.name, result, result.error === undefined ? message : undefined),
      );
    }
    return results;
  },
});

/** Reads the proof from the host; a state that does not hold is `E_NOT_VERIFIED`, or the error that says why. */
export async function proof(
  { state = 'attached', min_paths: minPaths = 1 }: Pick<Options, 'state' | 'min_paths'>,
  context: HostStepContext,
  volume: VolumeSpec,
): Promise<VolumeResult> {
  const host = context.host.name;
  const lookOnly = { ...connectorContext(context), executor: readOnlyExecutor(context.executor) };
  try {
    const connector = connectorFor(volume.driverVolumeType, lookOnly);
    if (state === 'absent') {
      const left = await connector.detach(volume, null, { planOnly: true });
      if (left.error !== undefined || left.outcome === 'ok') return left;
      const what = left.steps.map((step) => step.what).join('; ');
      return failed(
        left,
        new LongshoreError('E_NOT_VERIFIED', `${volume.name} is not absent: still to do: ${what}`, { host }),
      );
    }
    const found = await connector.verify(volume);
    const live = livePaths(found.paths);
    if (found.error !== undefined || live >= minPaths) return found;
    const few = `${volume.name} has ${live} live paths of at least ${minPaths}`;
    return failed(found, new LongshoreError('E_NOT_VERIFIED', few, { host }));
  } catch (thrown) {
    const error = asLongshoreError(thrown, host);
    return { outcome: outcomeOfError(error), paths: [], warnings: [], steps: [], error };
  }
}

function failed(result: VolumeResult, error: LongshoreError): VolumeResult {
  return { ...result, outcome: 'failed', error, steps: [] };
}

/** A step that changes nothing and is not done for a plan: what it will do, in one line. */
export function plannedCheck(host: string, subject: string, why: string): PlannedWork {
  return { host, subject, outcome: 'ok', why, identity: [], observed: [], steps: [] };
}
