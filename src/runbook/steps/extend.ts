import { z } from 'zod';
import { defineStep } from './step-kind.js';
import { volumeOption } from './volume-option.js';
import { planVolumes, runVolumes } from './volume-step.js';

export const extend = defineStep({
  name: 'extend',
  summary: 'Make the host see the new size of volumes that have grown; all paths must be up',
  scope: 'host',
  options: z.strictObject({ volume: volumeOption }),
  shorthand: 'volume',
  volumes: 'always',
  changes: () => 'subject',
  effect: () => ({ needs: 'attached' }),
  plan: (_options, context) => planVolumes(context, (connector, volume, how) => connector.extend(volume, how)),
  run: (_options, context) => runVolumes(context, (connector, volume, how) => connector.extend(volume, how)),
});
