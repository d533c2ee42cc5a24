import { randomBytes } from 'node:crypto';
import { afterAll, afterEach, beforeAll, describe, expect, it } from 'vitest';
import { type BastionLab, CLEAN, startBastionLab } from './bastion-lab.js';
import type { Guest } from './guest.js';
import { clientLeftovers, scrubClient } from './hygiene.js';
import { edits, withData, withOptions, withoutData } from './inventory-edits.js';
import {
  createTarget,
  type FurtherTarget,
  removeTarget,
  requireDiscoveryChap,
  setMutual,
  setOpenDiscovery,
} from './more-targets.js';
import { filesWith, sampled } from './secret-sampler.js';
import { type Chap, loginAttempts, setCredentials } from './target.js';

const PORTALS = ['10.1.0.1:3260', '10.2.0.1:3260'] as const;
const OTHER: FurtherTarget = { iqn: 'iqn.2026-01.test.longshore:other', portals: PORTALS };
const LEFT: FurtherTarget = { iqn: 'iqn.2026-01.test.longshore:left', portals: [PORTALS[0]] };
const RIGHT: FurtherTarget = { iqn: 'iqn.2026-01.test.longshore:right', portals: [PORTALS[1]] };

const secret = (): string => randomBytes(7).toString('hex');
const DISCOVERY: Chap = { username: 'finder', password: secret() };
const DISCOVERY_BACK: Chap = { username: 'found', password: secret() };
const BACK: Chap = { username: 'array', password: secret() };

/** With singular keys only, wanted as multipath: the array has to be asked for the other portal. */
const DISCOVERED = edits(withoutData('target_portals', 'target_iqns', 'target_luns'), withOptions({ multipath: true }));

let at: BastionLab;

beforeAll(async () => {
  at = await startBastionLab();
});
afterEach(async () => {
  await requireDiscoveryChap(at.lab.target, undefined);
  await setMutual(at.lab.target, at.client.initiatorName, undefined);
  await setOpenDiscovery(at.lab.target, true);
  await at.settle();
  await scrubClient(at.lab.clients[1]);
  for (const one of [OTHER, LEFT, RIGHT]) await removeTarget(at.lab.target, one);
});
afterAll(() => at?.stop());

async function verb(name: 'attach' | 'detach', host: 'client1' | 'client2' = 'client1') {
  const result = (await at.bastion.json(name)).hosts[host];
  if (result === undefined) throw new Error(`no result of ${host}`);
  return result;
}

/** Every file of open-iscsi's databases with its content's hash. */
async function databases(client: Guest): Promise<string> {
  const { stdout } = await client.run(
    'find /etc/iscsi/nodes /etc/iscsi/send_targets -type f -exec sha256sum {} + 2>/dev/null | sort',
    { check: false },
  );
  return stdout;
}

const mutualData = { mutual_auth_username: BACK.username, mutual_auth_password: BACK.password };
const discoveryData = {
  discovery_auth_method: 'CHAP',
  discovery_auth_username: DISCOVERY.username,
  discovery_auth_password: DISCOVERY.password,
};
const discoveryMutualData = {
  discovery_mutual_auth_username: DISCOVERY_BACK.username,
  discovery_mutual_auth_password: DISCOVERY_BACK.password,
};

describe('targets that the array is asked for', () => {
  it('gives both portals of the wanted target, and leaves records and discoveries of others as they are', async () => {
    await createTarget(at.lab.target, OTHER, at.volume, at.client.initiatorName);
    // an operator's own discovery, and a record of it that is to come up with the host
    await at.client.run(
      `iscsiadm -m discovery -t sendtargets -p ${PORTALS[0]} &&
       iscsiadm -m node -T ${OTHER.iqn} -p ${PORTALS[0]} -o update -n node.startup -v automatic`,
    );
    const before = await databases(at.client);
    expect(before).toContain(OTHER.iqn);
    await at.inventory(DISCOVERED);
    const attached = await verb('attach');
    expect(attached, JSON.stringify(attached)).toMatchObject({
      outcome: 'changed',
      volumes: { one: { warnings: [] } },
    });
    expect(attached.volumes['one']?.paths.map(({ portal }) => portal)).toEqual(PORTALS);
    const { sessions } = await clientLeftovers(at.client);
    expect(new Set(sessions.map(({ target }) => target))).toEqual(new Set(['iqn.2026-01.test.longshore:target']));
    const detached = await verb('detach');
    expect(detached.outcome, JSON.stringify(detached)).toBe('changed');
    expect(await databases(at.client)).toBe(before);
    expect({ ...(await clientLeftovers(at.client)), nodes: [] }).toEqual(CLEAN);
  });

  it('gives a target for each portal when the array has one name for each', async () => {
    const [, second] = at.lab.clients;
    await setOpenDiscovery(at.lab.target, false);
    await createTarget(at.lab.target, LEFT, at.volume, second.initiatorName);
    await createTarget(at.lab.target, RIGHT, at.volume, second.initiatorName);
    await at.bastion.useInventory(
      [{ guest: second, user: 'root', volumes: [{ volume: at.volume, options: {} }] }],
      (text) => DISCOVERED(text).replace(/target_iqn: .*/u, `target_iqn: ${LEFT.iqn}`),
    );
    const attached = await verb('attach', 'client2');
    expect(attached, JSON.stringify(attached)).toMatchObject({
      outcome: 'changed',
      volumes: { one: { warnings: [] } },
    });
    const { sessions } = await clientLeftovers(second);
    expect(sessions.map(({ target, portal }) => `${target} ${portal}`).toSorted()).toEqual([
      `${LEFT.iqn} ${PORTALS[0]}`,
      `${RIGHT.iqn} ${PORTALS[1]}`,
    ]);
    const detached = await verb('detach', 'client2');
    expect(detached.outcome, JSON.stringify(detached)).toBe('changed');
    expect(await clientLeftovers(second)).toEqual(CLEAN);
  });

  it('is refused with a wrong discovery secret, and nothing is left', async () => {
    await requireDiscoveryChap(at.lab.target, DISCOVERY);
    await at.inventory(edits(DISCOVERED, withData({ ...discoveryData, discovery_auth_password: secret() })));
    const attached = await verb('attach');
    expect(attached, JSON.stringify(attached)).toMatchObject({
      outcome: 'failed',
      error: { code: 'E_LOGIN_REJECTED' },
    });
    expect(await clientLeftovers(at.client)).toEqual(CLEAN);
    expect(await databases(at.client)).toBe('');
  });
});

describe('secrets', () => {
  it('of the session alone are in no command line and no environment, and not on the host after a detach', async () => {
    await at.inventory();
    const { result: attached, found, looks } = await sampled(at.client, [at.chap.password], () => verb('attach'));
    expect(attached.outcome, JSON.stringify(attached)).toBe('changed');
    expect(found).toBe('');
    expect(looks).toBeGreaterThan(3);
    expect((await verb('detach')).outcome).toBe('changed');
    expect(await filesWith(at.client, [at.chap.password])).toEqual([]);
  });

  it('of session and discovery, both ways, are in no command line and no environment, and not on the host after a detach', async () => {
    await requireDiscoveryChap(at.lab.target, { ...DISCOVERY, mutual: DISCOVERY_BACK });
    await setMutual(at.lab.target, at.client.initiatorName, BACK);
    await at.inventory(edits(DISCOVERED, withData({ ...mutualData, ...discoveryData, ...discoveryMutualData })));
    const secrets = [at.chap, BACK, DISCOVERY, DISCOVERY_BACK].map(({ password }) => password);
    const { result: attached, found, looks } = await sampled(at.client, secrets, () => verb('attach'));
    expect(attached, JSON.stringify(attached)).toMatchObject({
      outcome: 'changed',
      volumes: { one: { warnings: [] } },
    });
    expect(found).toBe('');
    expect(looks).toBeGreaterThan(3);
    for (const one of secrets) expect(JSON.stringify(attached)).not.toContain(one);
    // while it is attached, open-iscsi needs those of the session; nobody needs those of the discovery
    expect(await filesWith(at.client, [at.chap.password])).not.toEqual([]);
    expect(await filesWith(at.client, [DISCOVERY.password, DISCOVERY_BACK.password])).toEqual([]);
    expect((await verb('detach')).outcome).toBe('changed');
    expect(await filesWith(at.client, secrets)).toEqual([]);
    expect(await clientLeftovers(at.client)).toEqual(CLEAN);
  });

  it('that the array does not know back: the login is given up after one try, and undone', async () => {
    await setMutual(at.lab.target, at.client.initiatorName, BACK);
    await at.inventory(withData({ ...mutualData, mutual_auth_password: secret() }));
    const before = await loginAttempts(at.lab.target);
    const attached = await verb('attach');
    expect(attached, JSON.stringify(attached)).toMatchObject({
      outcome: 'failed',
      error: { code: 'E_LOGIN_REJECTED' },
    });
    const after = await loginAttempts(at.lab.target);
    expect(after.connects[0] - before.connects[0] + (after.connects[1] - before.connects[1])).toBe(1);
    expect(await clientLeftovers(at.client)).toEqual(CLEAN);
  });

  it('of the session are put right when the array has changed them', async () => {
    const changed = { username: at.chap.username, password: secret() };
    await at.inventory();
    await setCredentials(at.lab.target, at.client.initiatorName, changed);
    try {
      expect(await verb('attach')).toMatchObject({ outcome: 'failed', error: { code: 'E_LOGIN_REJECTED' } });
      await at.inventory((text) => text.replaceAll(at.chap.password, changed.password));
      const attached = await verb('attach');
      expect(attached.outcome, JSON.stringify(attached)).toBe('changed');
      expect((await verb('detach')).outcome).toBe('changed');
    } finally {
      await setCredentials(at.lab.target, at.client.initiatorName, at.chap);
    }
  });
});
