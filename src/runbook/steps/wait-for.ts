import { z } from 'zod';
import { waitForPortal } from '../../connectors/iscsi/portal-reachable.js';
import { connectorFor } from '../../connectors/registry.js';
import { LongshoreError } from '../../errors/longshore-error.js';
import { portalSchema } from '../../inventory/volumes/iscsi-data-schema.js';
import { argvOption, minPathsOption, timeoutOption, volumeStateOption } from './option-schemas.js';
import { defineStep, type HostStepContext, type WorkResult } from './step-kind.js';
import { plannedCheck, proof } from './verify.js';
import { volumeOption } from './volume-option.js';
import { connectorContext, workResult } from './volume-step.js';

const options = z
  .strictObject({
    volume: volumeOption,
    state: volumeStateOption.optional().meta({ description: 'With volume: attached (default) or absent' }),
    min_paths: minPathsOption.optional().meta({ description: 'With volume: live paths that must answer; default 1' }),
    portal: portalSchema.optional().meta({ description: 'ADDRESS:PORT that must answer a SendTargets discovery' }),
    command: argvOption.optional().meta({ description: 'A command that must exit 0; it is asked again until it does' }),
    timeout_s: timeoutOption.optional().meta({ description: 'Longest time; default 60' }),
  })
  .superRefine(({ volume, state, min_paths: minPaths, portal, command }, context) => {
    const named = [volume, portal, command].filter((one) => one !== undefined).length;
    const message = 'waits for one thing; write one of "volume:", "portal:" and "command:"';
    if (named !== 1) context.addIssue({ code: 'custom', path: [], message });
    if (volume !== undefined) return;
    for (const [key, value] of Object.entries({ state, min_paths: minPaths })) {
      if (value !== undefined) context.addIssue({ code: 'custom', path: [key], message: 'goes with "volume:" only' });
    }
  });
type Options = z.output<typeof options>;

const DEFAULT_TIMEOUT_S = 60;
/** Pause on the host between two proofs, when names are there that do not prove enough yet. */
const PAUSE_MS = 2_000;
const NEVER = '/proc/self/longshore-waits';

export const waitFor = defineStep({
  name: 'wait_for',
  summary:
    'Wait until a volume is attached or absent, a portal answers, or a command exits 0; the host does the waiting',
  scope: 'host',
  options,
  volumes: 'named',
  changes: () => 'nothing',
  // a command may do anything
  bearsDirty: ({ command }: Options) => command === undefined,
  effect: ({ state, volume }: Options) => (volume === undefined ? {} : { leaves: state ?? 'attached' }),
  plan: (wanted: Options, { host, volumes }) =>
    Promise.resolve(
      (wanted.volume === undefined ? [''] : volumes.map(({ name }) => name)).map((subject) =>
        plannedCheck(host.name, subject, `waits up to ${seconds(wanted)} s until ${whatOf(wanted, subject)}`),
      ),
    ),
  async run(wanted: Options, context): Promise<readonly WorkResult[]> {
    if (wanted.volume === undefined) return [await waitForHost(wanted, context)];
    const results: WorkResult[] = [];
    for (const volume of context.volumes) {
      const result = await waitForVolume(wanted, context, volume);
      results.push(workResult(context.host.name, volume.name, result));
    }
    return results;
  },
});

function seconds({ timeout_s: timeoutS }: Options): number {
  return timeoutS ?? DEFAULT_TIMEOUT_S;
}

function whatOf({ portal, command, state }: Options, subject: string): string {
  if (portal !== undefined) return `portal ${portal} answers`;
  if (command !== undefined) return `${command.join(' ')} exits 0`;
  return `${subject} is ${state ?? 'attached'}`;
}

async function waitForHost(wanted: Options, context: HostStepContext): Promise<WorkResult> {
  const { host, executor, deadline } = context;
  const timeoutMs = seconds(wanted) * 1000;
  const what = whatOf(wanted, '');
  const { portal, command } = wanted;
  const base = { host: host.name, subject: '', warnings: [] };
  let held: boolean;
  if (portal !== undefined) held = await waitForPortal(connectorContext(context), portal, timeoutMs);
  else {
    const argv = command ?? [];
    const [reply] = await executor.sequence(deadline, [{ kind: 'wait', outputLacks: { argv, words: [] }, timeoutMs }]);
    held = reply.ok;
  }
  if (held) return { ...base, outcome: 'ok', message: what };
  const error = new LongshoreError('E_NOT_VERIFIED', `waited ${seconds(wanted)} s, but not so: ${what}`, {
    host: host.name,
  });
  return { ...base, outcome: 'failed', message: error.message, error };
}

async function waitForVolume(
  wanted: Options,
  context: HostStepContext,
  volume: HostStepContext['volumes'][number],
): ReturnType<typeof proof> {
  const { executor, deadline } = context;
  const state = wanted.state ?? 'attached';
  const end = performance.now() + seconds(wanted) * 1000;
  const connector = connectorFor(volume.driverVolumeType, connectorContext(context));
  for (;;) {
    const result = await proof(wanted, context, volume);
    const leftMs = Math.floor(end - performance.now());
    const hopeless = result.outcome === 'refused' || result.outcome === 'unreachable';
    if (result.error === undefined || hopeless || leftMs <= 0) return result;
    const began = performance.now();
    await connector.waitFor(volume, state, leftMs);
    if (performance.now() - began > PAUSE_MS) continue;
    const timeoutMs = Math.max(1, Math.min(PAUSE_MS, Math.floor(end - performance.now())));
    await executor.sequence(deadline, [{ kind: 'wait', present: [NEVER], timeoutMs }]);
  }
}
