import assert from 'node:assert/strict';
import { randomBytes } from 'node:crypto';
import { setTimeout as sleep } from 'node:timers/promises';
import type { Guest } from './guest.js';
import { clientLeftovers, isClean, scrubClient } from './hygiene.js';
import { startLab, type Lab } from './lab.js';
import { clearTarget, createVolume, deleteVolume, exportTo, grow, loginAttempts, prepareTarget } from './target.js';
import { TARGET_IQN, readBack, sessions, unmap, type Volume } from './target.js';
import { portalHang, portalRefuse, portalRestore, powerCut, setLink } from './faults.js';
import { volumeError, volumeRestore, volumeSuspend } from './faults.js';

/** Proves the lab itself, without the product: `npx tsx test/lab/selftest.ts [--faults]`. */
const CHAP = { username: 'longshore', password: 'a-secret-of-the-lab' };

const lab = await timed('start the lab', () => startLab());
try {
  await timed('attach and detach by hand, client1', () => attachByHand(lab, lab.clients[0], 'first'));
  await timed('attach and detach by hand, client2', () => attachByHand(lab, lab.clients[1], 'second'));
  if (process.argv.includes('--faults')) await checkFaults(lab, lab.clients[0]);
  await timed('clear the target', () => clearTarget(lab.target));
} finally {
  await lab.stop();
}
process.stdout.write('selftest passed\n');

async function attachByHand(lab: Lab, client: Guest, name: string): Promise<void> {
  const { target } = lab;
  const volume = await timed('  create and export', async () => {
    const created = await createVolume(target, { name, sizeMiB: 64, lun: 1 });
    await exportTo(target, created, client.initiatorName, { chap: CHAP });
    return created;
  });
  const before = await loginAttempts(target);
  await timed('  log in twice', () => logIn(lab, client));
  await timed('  see one map with two paths', () => waitForMap(client, volume.wwid));
  assert.equal((await sessions(target)).length, 2);
  assert.equal((await loginAttempts(target)).accepted - before.accepted, 2);
  await timed('  write, read on the array', async () => {
    const data = randomBytes(4096).toString('base64');
    await client.run(
      `base64 -d | dd of=/dev/mapper/${volume.wwid} bs=4096 seek=3 oflag=direct iflag=fullblock conv=nocreat`,
      {
        input: data,
      },
    );
    assert.equal((await readBack(target, volume, 3 * 4096, 4096)).toString('base64'), data);
  });
  const left = await clientLeftovers(client);
  assert.equal(left.sessions.length, 2);
  assert.equal(left.nodes.length, 2);
  assert.equal(left.disks.length, 2);
  assert.deepEqual(left.maps, [volume.wwid]);
  assert.equal(left.paths.length, 2);
  await timed('  scrub the client', () => scrubClient(client));
  assert.ok(isClean(await clientLeftovers(client)));
  await timed('  delete the volume', () => deleteVolume(target, volume));
}

async function checkFaults(lab: Lab, client: Guest): Promise<void> {
  const { target } = lab;
  const volume = await createVolume(target, { name: 'third', sizeMiB: 64, lun: 3 });
  await exportTo(target, volume, client.initiatorName, { chap: CHAP });
  const bothPaths = () => timed('  two paths again', () => waitForMap(client, volume.wwid));
  await logIn(lab, client);
  await bothPaths();
  await timed('both portals hang, and answer again', async () => {
    await Promise.all([portalHang(lab, 1), portalHang(lab, 2)]);
    const reading = readOnce(client, volume);
    await assertPending(reading, 4_000);
    await Promise.all([portalRestore(lab, 1), portalRestore(lab, 2)]);
    assert.equal(await reading, 0);
  });
  await bothPaths();
  await timed('a portal refuses', async () => {
    const { connects } = await loginAttempts(target);
    await portalRefuse(lab, 1);
    assert.equal(await readOnce(client, volume), 0);
    await client.run(
      `for try in $(seq 40); do multipathd show paths | grep -q faulty && exit; sleep 0.5; done; exit 1`,
    );
    assert.ok((await loginAttempts(target)).connects[0] > connects[0]);
    await portalRestore(lab, 1);
  });
  await bothPaths();
  await timed('a volume hangs, and works again', async () => {
    await volumeSuspend(target, volume);
    const reading = readOnce(client, volume);
    await assertPending(reading, 3_000);
    await volumeRestore(target, volume);
    assert.equal(await reading, 0);
  });
  await timed('a volume fails, and works again', async () => {
    await volumeError(target, volume);
    const disk = (await clientLeftovers(client)).disks[0];
    const direct = await client.run(`dd if=/dev/${disk} of=/dev/null bs=4096 count=1 iflag=direct`, { check: false });
    assert.notEqual(direct.exit, 0);
    await volumeRestore(target, volume);
  });
  await bothPaths();
  await timed('a volume grows', async () => {
    const grown = await grow(target, volume, 128);
    await client.run(
      `for disk in /sys/block/sd*; do echo 1 >$disk/device/rescan; done; multipathd resize map ${volume.wwid}`,
    );
    const { stdout } = await client.run(`blockdev --getsize64 /dev/mapper/${volume.wwid}`);
    assert.equal(Number(stdout), grown.sizeMiB * 2 ** 20);
  });
  await timed('a cable is pulled', async () => {
    await setLink(client, 1, 'off');
    assert.equal(await readOnce(client, volume), 0);
    await setLink(client, 1, 'on');
  });
  await bothPaths();
  await timed('the client loses power', () => powerCut(client));
  assert.deepEqual((await clientLeftovers(client)).sessions, []);
  await logIn(lab, client);
  await bothPaths();
  await timed('a dead volume is scrubbed', async () => {
    await unmap(target, client.initiatorName, volume.lun);
    await scrubClient(client);
  });
  await timed('the target loses power', async () => {
    await powerCut(target);
    await prepareTarget(target, lab.portals);
    await clearTarget(target);
  });
}

function readOnce(client: Guest, volume: Volume): Promise<number> {
  const read = `timeout 50 dd if=/dev/mapper/${volume.wwid} of=/dev/null bs=4096 count=1 iflag=direct`;
  return client.run(read, { check: false }).then(({ exit }) => exit);
}

async function assertPending(work: Promise<unknown>, forMs: number): Promise<void> {
  const pending = Symbol('pending');
  assert.equal(await Promise.race([work, sleep(forMs, pending)]), pending);
}

async function logIn(lab: Lab, client: Guest): Promise<void> {
  const settings = { 'auth.authmethod': 'CHAP', 'auth.username': CHAP.username, 'auth.password': CHAP.password };
  const perPortal = lab.portals.flatMap((portal) => {
    const record = `iscsiadm -m node -T ${TARGET_IQN} -p ${portal}`;
    const updates = Object.entries(settings).map(
      ([key, value]) => `${record} -o update -n node.session.${key} -v '${value}'`,
    );
    return [`${record} -o new`, ...updates];
  });
  const logins = lab.portals.map((portal) => `iscsiadm -m node -T ${TARGET_IQN} -p ${portal} --login &`);
  await client.run(['set -e', ...perPortal, ...logins, 'wait'].join('\n'));
}

/** multipathd knows both paths a moment before udev has made the link. */
async function waitForMap(client: Guest, wwid: string): Promise<void> {
  const paths = `multipathd show paths raw format '%w %t %T' | grep -c '^${wwid} active ready'`;
  await client.run(
    `for try in $(seq 100); do [ "$(${paths})" != 2 ] || [ ! -b /dev/mapper/${wwid} ] || exit 0; sleep 0.3; done; multipath -ll; exit 1`,
  );
}

async function timed<T>(what: string, work: () => Promise<T>): Promise<T> {
  const start = performance.now();
  const result = await work();
  process.stdout.write(`${what}: ${((performance.now() - start) / 1000).toFixed(2)} s\n`);
  return result;
}
