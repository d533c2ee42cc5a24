import { afterAll, afterEach, beforeAll, describe, expect, it } from 'vitest';
import { type BastionLab, CLEAN, startBastionLab } from './bastion-lab.js';
import { clientLeftovers } from './hygiene.js';
import { osBrick } from './os-brick.js';
import { connectionInfo } from './target.js';

let at: BastionLab;

beforeAll(async () => {
  at = await startBastionLab();
  await at.inventory();
});
afterEach(() => at.settle());
afterAll(() => at?.stop());

function properties(): Readonly<Record<string, unknown>> {
  return connectionInfo(at.volume, at.lab.portals, { chap: at.chap }).data;
}

describe('os-brick 6.1.0 and Longshore on one host', () => {
  it('what os-brick attached, Longshore knows, leaves as it is, and detaches', async () => {
    const info = await osBrick(at.client, 'attach', properties());
    const attach = (await at.bastion.json('attach')).hosts['client1'];
    expect(attach?.outcome, JSON.stringify(attach)).toBe('ok');
    expect(attach?.volumes['one']?.deviceInfo).toMatchObject({ path: info.path, multipath_id: info.multipath_id });
    const detach = (await at.bastion.json('detach')).hosts['client1'];
    expect(detach?.outcome, JSON.stringify(detach)).toBe('changed');
    expect(await clientLeftovers(at.client)).toEqual(CLEAN);
  });

  it('what Longshore attached, os-brick detaches with the device info that Longshore gave', async () => {
    const attach = (await at.bastion.json('attach')).hosts['client1'];
    const info = attach?.volumes['one']?.deviceInfo;
    expect(attach?.outcome, JSON.stringify(attach)).toBe('changed');
    await osBrick(at.client, 'detach', properties(), info ?? null);
    expect(await clientLeftovers(at.client)).toEqual(CLEAN);
    expect((await at.bastion.json('detach')).hosts['client1']?.outcome).toBe('ok');
  });
});
