import type { VolumeResult } from '../../src/connectors/connector.js';
import { pause } from '../../src/time/clock.js';
import {
  attach,
  detach,
  extend,
  healArray,
  isDone,
  iscsiWorld,
  type IscsiWorld,
  type IscsiWorldOptions,
  VERB_LIMIT_MS,
} from './iscsi-world.js';
import { forbidden, leftOf, lostOf, touched, untrueAttach, untrueDetach, untrueExtend } from './iscsi-truth.js';
import type { SweepCase } from './sweep.js';

export type Verb = 'attach' | 'detach' | 'extend';
type IscsiCase = SweepCase<IscsiWorld, VolumeResult>;

const DO = { attach, detach, extend } as const;
const UNTRUE = { attach: untrueAttach, detach: untrueDetach, extend: untrueExtend } as const;
/** What takes back what a verb does, or may have done. */
const UNDO = { attach: 'detach', detach: 'attach', extend: 'detach' } as const;

export interface IscsiCaseOptions extends IscsiWorldOptions {
  readonly verb: Verb;
  /** the verb again, or the verb that takes it back */
  readonly resume: 'again' | 'undo';
}

/** One verb on one volume, and the resume of it in one direction. */
export function iscsiCase(options: IscsiCaseOptions): IscsiCase {
  const { verb, multipath, beside, resume } = options;
  const next = resume === 'again' ? verb : UNDO[verb];
  return {
    name: `${verb}-${multipath ? 'multipath' : 'single'}${beside === 'nothing' ? '' : `-${beside}`}/${resume}`,
    limitMs: VERB_LIMIT_MS,
    arrange: () => arranged(options),
    act: (world) => DO[verb](world),
    resume: (world) => DO[next](world, true),
    isDone,
    untrue(world, result, by) {
      // an attach that fails takes back what it has done itself, and no more: what the first controller has left is told by that one
      if (by === 'resume' && next === 'attach' && !isDone(result)) return [];
      return UNTRUE[by === 'act' ? verb : next](world, result);
    },
    async heal(world) {
      healArray(world);
      // what a reboot took cannot be extended before it is attached again
      if (next === 'extend' && !isThere(world)) await attach(world);
    },
    invariants: (world) => endOf(world, next),
  };
}

/** A world in which the verb has something to do: for all but an attach, a volume that is attached and has been written to. */
export async function arranged({ verb, multipath, beside }: Omit<IscsiCaseOptions, 'resume'>): Promise<IscsiWorld> {
  const world = await iscsiWorld({ multipath, beside });
  if (verb !== 'attach') await world.clock.drive(attachAndWrite(world));
  if (verb === 'extend') grow(world);
  return world;
}

async function attachAndWrite(world: IscsiWorld): Promise<void> {
  const result = await attach(world);
  if (!isDone(result)) throw new Error(`the world could not be arranged: ${result.error?.message}`);
  world.host.writeData(result.deviceInfo?.path ?? '', 'written before');
}

function isThere({ host, wwid }: IscsiWorld): boolean {
  return host.scsi.units.some(({ cachedWwid }) => cachedWwid === `naa.${wwid.slice(1)}`);
}

function grow(world: IscsiWorld): void {
  world.onArray.sizeBytes *= 2;
  world.fleet.array.changed();
}

/** Uses what is attached, takes it away, and looks at what remains: of it nothing but its data, of everybody else everything. */
export async function endOf(world: IscsiWorld, last: Verb): Promise<readonly string[]> {
  const problems: string[] = [];
  const { clock, host, wwid } = world;
  // who was brought in to use it is gone by then
  if (isThere(world)) await pause(clock, 120_000);
  if (isThere(world)) {
    const unit = host.scsi.units.find(({ cachedWwid }) => cachedWwid === `naa.${wwid.slice(1)}`);
    const map = host.deviceMapper.multipathMap(wwid);
    host.writeData(map === undefined ? `/dev/${unit?.disk?.name}` : `/dev/mapper/${map.name}`, 'written after');
  }
  // an operator who detaches by hand, disk by disk, may still be at it after the last attach
  if (isThere(world) || last === 'attach') {
    const result = await detach(world);
    if (!isDone(result)) problems.push(`the last detach: ${result.outcome}: ${result.error?.message}`);
  }
  const notStored = host.blocks.written.filter((one) => one.wwid === wwid && one.state === 'cached');
  return [
    ...problems,
    ...leftOf(world).map((one) => `left at the end: ${one}`),
    ...lostOf(world).map((one) => `lost: ${one}`),
    ...notStored.map(({ data }) => `in no volume: ${data}`),
    ...touched(world),
    ...forbidden(world),
    ...secretsShown(world),
  ];
}

function secretsShown({ host, volume }: IscsiWorld): readonly string[] {
  const secret = String(volume.data['auth_password']);
  return host.commands
    .filter((argv) => argv.join(' ').includes(secret))
    .map(([program]) => `the secret is an argument of ${program}`);
}
