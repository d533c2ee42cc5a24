import { z } from 'zod';
import { attachAlone } from '../../fleet/attach-alone.js';
import { AttachGate } from '../../fleet/attach-gate.js';
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
  run(_options, context) {
    const { host, volumes, gate = new AttachGate() } = context;
    return runVolumes(context, (connector, volume, how) =>
      attachAlone(connector, volume, how, host.name, gate, volumes),
    );
  },
});
