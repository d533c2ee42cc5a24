import { afterAll, afterEach, beforeAll, expect, it } from 'vitest';
import { packetLoss } from './faults.js';
import { clientLeftovers, scrubClient } from './hygiene.js';
import { CLEAN } from './bastion-lab.js';
import { type Lab, startLab } from './lab.js';
import { type Bastion, openBastion } from './longshore.js';
import { createVolume, exportTo } from './target.js';
import { liftFaults } from './faults.js';

/** Five rounds on two clients are ten cycles. */
const ROUNDS = 5;
const TIMEOUT_S = 15;
/** Beyond its time: a command is killed 5 s later, and the reply needs its way back. Connecting is not in it. */
const GRACE_S = 20;

let lab: Lab;
let bastion: Bastion;

beforeAll(async () => {
  lab = await startLab();
  bastion = await openBastion(lab);
  const chap = { username: 'longshore', password: 'a-secret-of-the-lab' };
  const volumes = await Promise.all(
    ['one', 'two'].map((name, index) => createVolume(lab.target, { name, sizeMiB: 64, lun: index + 1 })),
  );
  const hosts = lab.clients.flatMap((guest, index) => {
    const volume = volumes[index];
    return volume === undefined ? [] : [{ guest, user: 'root', volumes: [{ volume, options: { chap } }] }];
  });
  for (const { guest, volumes: own } of hosts)
    for (const { volume } of own) await exportTo(lab.target, volume, guest.initiatorName, { chap });
  await bastion.useInventory(hosts);
});
afterEach(async () => {
  await liftFaults(lab);
  await Promise.all(lab.clients.map(scrubClient));
});
afterAll(async () => {
  await bastion?.close();
  await lab?.stop();
});

const guests = () => [lab.target, ...lab.clients];

it('30 % packet loss on both storage networks: each attach and detach ends in its time, in the goal or with the reason, and all is clean when it is over', async () => {
  await Promise.all(guests().map((guest) => packetLoss(guest, 30)));
  const ends: string[] = [];
  for (let round = 0; round < ROUNDS; round += 1) {
    for (const verb of ['attach', 'detach'] as const) {
      const began = performance.now();
      const { hosts } = await bastion.json(verb, '--volume', 'all', '--timeout', String(TIMEOUT_S));
      const seconds = (performance.now() - began) / 1000;
      expect(seconds, verb).toBeLessThan(TIMEOUT_S + GRACE_S);
      for (const [name, host] of Object.entries(hosts)) {
        const reason = host.error == null ? '' : `${host.error.code}: ${host.error.message}`;
        ends.push(`${verb} ${name} ${host.outcome} ${seconds.toFixed(0)} s ${reason}`);
        if (host.outcome === 'ok' || host.outcome === 'changed') continue;
        expect(reason).not.toMatch(/^$|E_INTERNAL|E_IDENTITY_MISMATCH/);
      }
    }
  }
  await Promise.all(guests().map((guest) => packetLoss(guest, 0)));
  for (const guest of lab.clients) {
    // once more is enough, or it says for what it waits: and then once more
    const tries: string[] = [];
    for (let attempt = 0; attempt < 3 && tries.at(-1) !== 'clean'; attempt += 1) {
      const { hosts } = await bastion.json('detach', '--volume', 'all', '--limit', guest.name);
      const host = hosts[guest.name];
      if (host?.outcome === 'ok' || host?.outcome === 'changed') tries.push('clean');
      else tries.push(`${host?.error?.code}: ${host?.error?.message}`);
    }
    expect(tries.at(-1), `${tries.join('\n')}\n${ends.join('\n')}`).toBe('clean');
    expect(await clientLeftovers(guest)).toEqual(CLEAN);
  }
}, 900_000);
