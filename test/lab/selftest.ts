import assert from 'node:assert/strict';
import { randomBytes } from 'node:crypto';
import type { Guest } from './guest.js';
import { clientLeftovers, isClean, scrubClient } from './hygiene.js';
import { startLab, type Lab } from './lab.js';
import { TARGET_IQN, createVolume, deleteVolume, exportTo, loginAttempts, readBack, sessions } from './target.js';
import { clearTarget } from './target.js';
import { portalHang, portalRefuse, portalRestore, powerCut, volumeError, volumeRestore } from './faults.js';

/** Proves the lab itself, without the product: `npx tsx test/lab/selftest.ts [--faults]`. */
const CHAP = { username: 'longshore', password: 'a-secret-of-the-lab' };

await using lab = await timed('start the lab', () => startLab());
await timed('attach and detach by hand, client1', () => attachByHand(lab, lab.clients[0], 'first'));
await timed('attach and detach by hand, client2', () => attachByHand(lab, lab.clients[1], 'second'));
if (process.argv.includes('--faults')) await checkFaults(lab, lab.clients[0]);
await timed('clear the target', () => clearTarget(lab.target));
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
  const volume = await createVolume(lab.target, { name: 'third', sizeMiB: 64, lun: 3 });
  await exportTo(lab.target, volume, client.initiatorName, { chap: CHAP });
  await logIn(lab, client);
  await waitForMap(client, volume.wwid);
  const read = (): Promise<number> =>
    client
      .run(`timeout 40 dd if=/dev/mapper/${volume.wwid} of=/dev/null bs=4096 count=1 iflag=direct`, { check: false })
      .then(({ exit }) => exit);
  await timed('read with portal 1 hanging', async () => {
    await portalHang(lab, 1);
    assert.equal(await read(), 0);
    await portalRestore(lab, 1);
  });
  await timed('two paths again', () => waitForMap(client, volume.wwid));
  await timed('read with portal 2 refusing', async () => {
    await portalRefuse(lab, 2);
    assert.equal(await read(), 0);
    await portalRestore(lab, 2);
  });
  await timed('two paths again', () => waitForMap(client, volume.wwid));
  await timed('power cut', () => powerCut(client));
  assert.deepEqual((await clientLeftovers(client)).sessions, []);
  await timed('log in again', () => logIn(lab, client));
  await timed('two paths again', () => waitForMap(client, volume.wwid));
  await volumeError(lab.target, volume);
  await volumeRestore(lab.target, volume);
  await timed('two paths again', () => waitForMap(client, volume.wwid));
  assert.equal(await read(), 0);
  await timed('scrub the client', () => scrubClient(client));
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
