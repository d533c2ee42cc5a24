import { z } from 'zod';
import { defineStep } from './step-kind.js';
import { volumeOption } from './volume-option.js';
import { planVolumes, runVolumes } from './volume-step.js';

export const attach = defineStep({
  name: 'attach',
  summary: 'Attach volumes; nothing is done where they are attached',
  scope: 'host',
  options: z.strictObject({ volume: volumeOption }),
  shorthand: 'volume',
  volumes: 'always',
  logsIn: true,
  changes: () => 'subject',
  effect: () => ({ leaves: 'attached' }),
  plan: (_options, context) => planVolumes(context, (connector, volume, how) => connector.attach(volume, how)),
  run: (_options, context) => runVolumes(context, (connector, volume, how) => connector.attach(volume, how)),
});
