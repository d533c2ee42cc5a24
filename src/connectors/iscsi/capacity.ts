import { LongshoreError } from '../../errors/longshore-error.js';
import type { ScsiDevice } from '../../linux/storage-state.js';
import type { Plan } from '../engine/engine.js';
import type { History } from '../engine/history.js';
import type { Step } from '../engine/step.js';
import { describe } from './identity.js';
import { diskName } from './volume-view.js';

/** The kernel sets the size a moment after it was asked to read it, ms. */
const SIZE_MS = 5000;

/**
 * Has the kernel read the size of disks again that it has found without one: what a lost answer to its first question leaves (seen at 30 %
 * packet loss). null when all have a size.
 */
export function capacityWork(live: readonly ScsiDevice[], history: History): Plan | null {
  const steps = live.filter((device) => device.block?.sizeBytes === 0).map(rereadStep);
  if (steps.length === 0) return null;
  const error = steps.map((step) => history.failures.get(step.id)).find((failure) => failure?.final === true)?.error;
  return error === undefined ? { kind: 'steps', steps } : { kind: 'stop', error };
}

function rereadStep(device: ScsiDevice): Step {
  const name = diskName(device);
  const sysfs = `/sys/class/scsi_device/${device.hctl}/device`;
  const id = `size of ${device.hctl}`;
  return {
    id,
    what: `have the kernel read the size of ${describe(device)} again`,
    changes: [`device ${device.hctl}`],
    after: [],
    requests: [
      { kind: 'wait', present: [`${sysfs}/block/${name}`], timeoutMs: 0 },
      { kind: 'write', filePath: `${sysfs}/rescan`, content: '1' },
      { kind: 'wait', minimums: [{ filePath: `${sysfs}/block/${name}/size`, atLeast: 1 }], timeoutMs: SIZE_MS },
    ],
    main: 1,
    judge: (replies) =>
      replies.every((reply) => reply.ok)
        ? { ok: true }
        : {
            ok: false,
            weight: 'retry',
            error: new LongshoreError('E_DEVICE_NOT_FOUND', `${describe(device)} does not say how large it is`, {
              step: id,
              remedy: 'check the volume and the network to the array, then run this again',
            }),
          },
  };
}
