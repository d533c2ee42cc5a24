import { z } from 'zod';
import type { DisconnectOptions, InitiatorConnector, VolumeResult, VolumeSpec } from '../../connectors/connector.js';
import { isFailure } from '../../fleet/stop-rules.js';
import { booleanSchema } from '../../inventory/hosts/field-schemas.js';
import { textOption } from './option-schemas.js';
import { defineStep } from './step-kind.js';
import { volumeOption } from './volume-option.js';
import { planVolumes, runVolumes } from './volume-step.js';

// an override names one volume and gives its reason (rule S39)
const options = z
  .strictObject({
    volume: volumeOption,
    force: booleanSchema
      .optional()
      .meta({ description: 'Go on after a failed flush and report it at the end; its data is given up' }),
    reason: textOption('a reason; write why the data may be given up').optional().meta({ description: 'Why force' }),
  })
  .superRefine(({ volume, force, reason }, context) => {
    if (force !== true) return;
    const refuse = (path: string, message: string) => context.addIssue({ code: 'custom', path: [path], message });
    if (reason === undefined) refuse('force', 'force gives unwritten data up; add "reason:" and say why');
    if (typeof volume !== 'string' || volume === 'all') {
      refuse('force', 'force is for one volume only; name it with "volume: NAME"');
    }
  });
type Options = z.output<typeof options>;

export const detach = defineStep({
  name: 'detach',
  summary: 'Detach volumes, safely and without leftovers; refuses what is in use',
  scope: 'host',
  options,
  shorthand: 'volume',
  volumes: 'always',
  changes: () => 'subject',
  effect: () => ({ leaves: 'absent' }),
  bearsDirty: () => true,
  plan: ({ force }: Options, context) => planVolumes(context, detachBy(force === true)),
  run({ force }: Options, context) {
    const { host, memory } = context;
    const detachIt = detachBy(force === true);
    return runVolumes(context, async (connector, volume, how) => {
      const result = await detachIt(connector, volume, how);
      if (!isFailure(result.outcome)) memory?.gone(host.name, volume);
      return result;
    });
  },
});

function detachBy(force: boolean) {
  return (connector: InitiatorConnector, volume: VolumeSpec, how: DisconnectOptions): Promise<VolumeResult> =>
    connector.detach(volume, null, { ...how, force });
}
