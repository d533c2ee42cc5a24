import { createHash, randomBytes } from 'node:crypto';
import path from 'node:path';
import { fileURLToPath } from 'node:url';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { ResultDocument } from '../../src/report/result-schema.js';
import { CLEAN } from './bastion-lab.js';
import { powerOff, powerOn } from './faults.js';
import type { Guest } from './guest.js';
import { clientLeftovers } from './hygiene.js';
import { edits, type InventoryEdit } from './inventory-edits.js';
import { type Lab, startLab } from './lab.js';
import { type Bastion, type LongshoreRun, openBastion } from './longshore.js';
import { powerStateCheck } from './power-state.js';
import { createVolume, exportTo, fingerprint, grow, TARGET_IQN, type Volume } from './target.js';

const PLAYBOOKS = fileURLToPath(new URL('../../playbooks/', import.meta.url));
const MIB = 2 ** 20;
/** Bytes of each piece of data, and where they begin on the volume. */
const PIECE = 64 * 1024;
const chap = { username: 'longshore', password: randomBytes(12).toString('hex') };
const pieces = [randomBytes(PIECE), randomBytes(PIECE), randomBytes(PIECE)] as const;

let lab: Lab;
let bastion: Bastion;
let volume: Volume;
let fencing: readonly string[];

beforeAll(async () => {
  lab = await startLab();
  bastion = await openBastion(lab);
  volume = await createVolume(lab.target, { name: 'one', sizeMiB: 64, lun: 1 });
  for (const { initiatorName } of lab.clients) await exportTo(lab.target, volume, initiatorName, { chap });
  fencing = await powerStateCheck(lab, lab.clients[0], bastion.dir);
  await inventory();
});

afterAll(async () => {
  await bastion?.close();
  await lab?.stop();
});

/** Both clients with the one volume; `edit` changes its text. */
async function inventory(edit?: InventoryEdit): Promise<void> {
  const hosts = lab.clients.map((guest) => ({ guest, user: 'root', volumes: [{ volume, options: { chap } }] }));
  await bastion.useInventory(hosts, edit);
}

/** Nobody waits long for a host that is known to be dead. A forwarded port takes connections for it, and no word comes. */
const withShortWait: InventoryEdit = (text) => text.replace('-o UserKnownHostsFile', '-o ConnectTimeout=3 $&');

const withFencing: InventoryEdit = (text) => {
  const check = { method: 'bmc-power-off', check: fencing, pause_s: 0 };
  return text.replace('client1:\n', `client1:\n      longshore_fencing: ${JSON.stringify(check)}\n`);
};

const state = (): readonly string[] => ['--state-dir', path.join(bastion.dir, 'state')];
const longshore = (...args: readonly string[]): Promise<LongshoreRun> => bastion.run(...args, ...state());

/** Plans a playbook that is shipped, approves the plan and runs it. */
async function play(name: string, ...vars: readonly string[]): Promise<ResultDocument> {
  const args = [`${PLAYBOOKS}${name}`, ...vars.flatMap((text) => ['-e', text]), '--json'];
  const planned = await longshore('plan', ...args);
  expect(planned.exit, planned.stdout + planned.stderr).toBe(0);
  const { hash } = JSON.parse(planned.stdout) as { readonly hash: string };
  const done = await longshore('run', ...args, '--approve', hash, '--yes');
  expect(done.exit, done.stdout + done.stderr).toBe(0);
  return done.document();
}

/** Runs a playbook that is shipped without a plan. */
const playUnplanned = (name: string, ...vars: readonly string[]): Promise<LongshoreRun> =>
  longshore('run', `${PLAYBOOKS}${name}`, ...vars.flatMap((text) => ['-e', text]), '--yes', '--json');

function deviceAt(host: string, { hosts }: ResultDocument): string {
  const device = hosts[host]?.volumes['one']?.deviceInfo?.path;
  if (device === undefined) throw new Error(JSON.stringify(hosts[host]));
  return device;
}

/** Through the page cache: that it reaches the array is for the detach to see to, unless `andSync`. */
async function write(guest: Guest, device: string, index: 0 | 1 | 2, andSync = false): Promise<void> {
  const where = `of=${device} bs=${PIECE} seek=${index} iflag=fullblock conv=nocreat,notrunc${andSync ? ',fsync' : ''}`;
  await guest.run(`base64 -d | dd ${where} status=none`, { input: pieces[index].toString('base64') });
}

/** That the first pieces are what was written. */
async function expectPieces(guest: Guest, device: string, count: number): Promise<void> {
  const { stdout } = await guest.run(`dd if=${device} bs=${PIECE} count=${count} iflag=direct status=none | sha256sum`);
  const wanted = createHash('sha256').update(Buffer.concat(pieces.slice(0, count)));
  expect(stdout.slice(0, 64)).toBe(wanted.digest('hex'));
}

describe('a volume of two hosts', () => {
  let device: string;

  it('is attached by attach.yaml, and has its new size by extend.yaml when it has grown', async () => {
    const [a] = lab.clients;
    device = deviceAt('client1', await play('attach.yaml', 'hosts=client1', 'min_paths=2'));
    await write(a, device, 0);
    volume = await grow(lab.target, volume, 96);
    await inventory();
    const { hosts } = await play('extend.yaml', 'hosts=client1');
    expect(hosts['client1']?.volumes['one']?.sizeBytes).toBe(96 * MIB);
    expect((await a.run(`blockdev --getsize64 ${device}`)).stdout.trim()).toBe(String(96 * MIB));
  });

  it('is moved from A to B and back by migrate.yaml, with what was only in the memory of each', async () => {
    const [a, b] = lab.clients;
    device = deviceAt('client2', await play('migrate.yaml', 'from=client1', 'to=client2', 'volume=one'));
    expect(await clientLeftovers(a)).toEqual(CLEAN);
    await expectPieces(b, device, 1);
    await write(b, device, 1);
    const back = await playUnplanned('migrate.yaml', 'from=client2', 'to=client1', 'volume=one');
    device = deviceAt('client1', back.document());
    expect(await clientLeftovers(b)).toEqual(CLEAN);
    await expectPieces(a, device, 2);
  });

  it('is evacuated by evacuate.yaml when A has no power: not without evidence, and with it, with what was written', async () => {
    const [a, b] = lab.clients;
    await write(a, device, 2, true);
    await powerOff(lab, a);
    await inventory(withShortWait);
    const vars = ['from=client1', 'to=client2'];
    const refused = await playUnplanned('evacuate.yaml', ...vars);
    expect(refused.exit, refused.stdout).toBe(5);
    expect(refused.document().hosts['client2']?.error?.code).toBe('E_EVIDENCE');
    expect(await clientLeftovers(b)).toEqual(CLEAN);
    await inventory(edits(withShortWait, withFencing));
    device = deviceAt('client2', await play('evacuate.yaml', ...vars));
    await expectPieces(b, device, 3);
  });

  it('that a host without power had is kept from it when it is back, until it was cleaned of it', async () => {
    const [a, b] = lab.clients;
    const before = await fingerprint(lab.target, volume);
    await powerOn(lab, a);
    await inventory();
    // as an old record with automatic startup would do it at boot: it sees the volume again, beside B
    await a.run(`iscsiadm -m node -T ${TARGET_IQN} --login && udevadm settle`);
    expect((await clientLeftovers(a)).sessions).toHaveLength(2);
    const refused = await playUnplanned('attach.yaml', 'hosts=client1');
    expect(refused.exit, refused.stdout).toBe(5);
    expect(refused.document().hosts['client1']?.error?.code).toBe('E_HOST_DIRTY');
    const cleaned = await longshore('clean', '--limit', 'client1');
    expect(cleaned.exit, cleaned.stderr).toBe(0);
    expect(await clientLeftovers(a)).toEqual(CLEAN);
    // nothing of it has gone over what B has
    expect(await fingerprint(lab.target, volume)).toBe(before);

    await play('detach.yaml', 'hosts=client2', 'volume=one');
    expect(await clientLeftovers(b)).toEqual(CLEAN);
    const attached = await longshore('attach', '--limit', 'client1', '--json');
    device = deviceAt('client1', attached.document());
    await expectPieces(a, device, 3);
  });
});
