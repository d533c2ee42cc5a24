import { describe, expect, it } from 'vitest';
import { attachments } from '../../src/journal/attachments.js';
import { dirtyMark, ownerOf } from '../../src/moves/ledger/ledger-view.js';
import { scratchDirectory } from '../cli/scratch.js';
import { countRequests, type RunbookSite, runbookSite } from './runbook-site.js';

const VARS = ['from=dock01', 'to=dock02', 'volume=data'];

/** dock01's volume at the other hosts too, as the array and the inventory have it. */
async function sharedSite(hosts = 2): Promise<RunbookSite & { readonly wwid: string }> {
  const site = await runbookSite({ hosts });
  const { array, targetName, volumes } = site.fleet;
  const [first] = volumes;
  const [one, ...others] = site.fleet.hosts;
  const unit = array.unitAt(targetName, one?.environment.initiatorName ?? '', 1);
  if (first === undefined || unit === null) throw new Error('no volume');
  for (const { name, environment } of others) {
    array.map(targetName, environment.initiatorName, 1, unit);
    const declared = site.inventory.hosts.get(name);
    const own = declared?.volumes.get('data');
    if (declared === undefined || own === undefined) throw new Error('no volume');
    const shared = { ...declared, volumes: new Map([['data', { ...own, wwid: first.wwid }]]) };
    (site.inventory.hosts as Map<string, typeof declared>).set(name, shared);
  }
  return Object.assign(site, { wwid: first.wwid });
}

/** The host's own definition says no longer which volume it is. */
function undeclare(site: RunbookSite, name: string): void {
  const host = site.inventory.hosts.get(name);
  const { wwid: _, ...volume } = host?.volumes.get('data') ?? {};
  (site.inventory.hosts as Map<string, unknown>).set(name, { ...host, volumes: new Map([['data', volume]]) });
}

describe('playbooks/migrate.yaml', () => {
  it('plans, is approved, and moves the volume', async () => {
    using site = await sharedSite();
    const [before, moving] = [await site.journal(), await site.journal()];
    await site.run(await site.read('playbooks/attach.yaml', ['hosts=dock01']), { journalOf: before.of });
    const runbook = await site.read('playbooks/migrate.yaml', VARS);
    const approved = await site.approve(runbook);
    const [work] = approved.plays[0]?.steps[0]?.works ?? [];
    expect(work).toMatchObject({ subject: 'data', outcome: 'changed', identity: [site.wwid], error: null });
    expect(work?.observed.join()).toContain('look at dock01 once more');
    const result = await site.run(runbook, { approved, journalOf: moving.of });
    expect(result.hosts.get('dock02')?.error).toBeUndefined();
    expect(site.host('dock01').leftovers()).toEqual([]);
    expect(ownerOf(site.ledger.all, site.wwid)?.host).toBe('dock02');
    const records = [await before.record(), await moving.record()];
    const changed = records[1]?.tasks.flatMap(({ hosts }) =>
      [...hosts.values()].flatMap(({ name, volumes }) =>
        (volumes.get('data')?.changes.length ?? 0) > 0 ? [name] : [],
      ),
    );
    expect(new Set(changed)).toEqual(new Set(['dock01', 'dock02']));
    expect(attachments(records).map(({ host, state }) => `${host} ${state}`)).toEqual(['dock02 attached']);
  });
});

describe('a playbook that gives one volume to two hosts in different steps (S40)', () => {
  const MIGRATE = '- name: p\n  hosts: dock02\n  steps:\n    - migrate: { volume: data, from: dock01, to: dock02 }\n';
  const EVACUATE = '- name: p\n  hosts: dock02\n  steps:\n    - evacuate: { from: dock01, to: dock02 }\n';
  const on = (host: string, step: string): string =>
    `- name: ${step}\n  hosts: ${host}\n  steps:\n    - ${step}: data\n`;

  it.each([
    ['an attach behind a migrate', MIGRATE + on('dock01', 'attach'), 8],
    ['an attach behind an evacuate', EVACUATE + on('dock01', 'attach'), 8],
    ['a migrate behind an attach', on('dock03', 'attach') + MIGRATE, 8],
    ['an attach behind an attach', on('dock01', 'attach') + on('dock02', 'attach').replace('attach\n', 'again\n'), 8],
  ])('is refused, by plan and by run, before any host is looked at: %s', async (_, text, line) => {
    using site = await sharedSite(3);
    const runbook = await site.read(text);
    const refused = { code: 'E_CONFLICT', message: expect.stringContaining(`.yaml:${line}:`) as string };
    await expect(site.plan(runbook)).rejects.toMatchObject(refused);
    await expect(site.run(runbook)).rejects.toMatchObject(refused);
    expect(site.events).toEqual([]);
  });

  it.each([
    ['a migrate', MIGRATE, () => sharedSite(3)],
    ['an evacuate', EVACUATE, () => deadSite(3)],
  ])('is refused when only the device shows that a third host has it by a step before: %s', async (_, text, make) => {
    using site = await make();
    site.power = 'off';
    undeclare(site, 'dock03');
    const result = await site.run(await site.read(on('dock03', 'attach') + text));
    expect(result.hosts.get('dock03')?.error).toBeUndefined();
    expect(result.hosts.get('dock02')?.error).toMatchObject({
      code: 'E_CONFLICT',
      message: `data is ${site.wwid}, which dock03 has attached: two hosts would write to one volume`,
    });
    expect(site.host('dock02').leftovers()).toEqual([]);
  });

  it('is refused behind a move when only the device shows which volume it is, and what it had done is undone', async () => {
    using site = await sharedSite(3);
    undeclare(site, 'dock03');
    await site.run(await site.read('playbooks/attach.yaml', ['hosts=dock01']));
    const result = await site.run(await site.read(MIGRATE + on('dock03', 'attach')));
    expect(result.hosts.get('dock02')?.error).toBeUndefined();
    expect(result.hosts.get('dock03')?.error?.message).toContain(`data is ${site.wwid}, which dock02 has attached`);
    expect(site.host('dock03').leftovers()).toEqual([]);
  });

  it('is not meant by one that takes it back before', async () => {
    using site = await sharedSite();
    await site.run(await site.read('playbooks/attach.yaml', ['hosts=dock01']));
    const result = await site.run(await site.read(MIGRATE + on('dock02', 'detach') + on('dock01', 'attach')));
    expect([...result.hosts.values()].map(({ error }) => error?.message)).toEqual([undefined, undefined]);
    expect(site.fleet.hosts.map((host) => host.deviceMapper.mappings.length)).toEqual([1, 0]);
  });
});

/** dock01 is off, and has the volume on record. */
async function deadSite(hosts = 2): ReturnType<typeof sharedSite> {
  const site = await sharedSite(hosts);
  await site.run(await site.read('playbooks/attach.yaml', ['hosts=dock01']));
  await site.ledger.add({ kind: 'owner', volume: 'data', wwid: site.wwid, host: 'dock01', number: 1, how: 'attach' });
  site.gone.add('dock01');
  const source = site.inventory.hosts.get('dock01');
  if (source === undefined) throw new Error('no source');
  const times = { pauseMs: 0, timeoutMs: 1000, validMs: 60_000 };
  const fencing = { method: 'bmc-power-off', check: ['power', '{host}'], expect: ['off'], ...times } as const;
  (site.inventory.hosts as Map<string, typeof source>).set('dock01', { ...source, fencing });
  return site;
}

describe('playbooks/evacuate.yaml', () => {
  const FROM_TO = VARS.slice(0, 2);

  it('without evidence attaches nothing', async () => {
    using site = await deadSite();
    const result = await site.run(await site.read('playbooks/evacuate.yaml', FROM_TO));
    expect(result.hosts.get('dock02')?.error?.code).toBe('E_EVIDENCE');
    expect(site.host('dock02').leftovers()).toEqual([]);
    expect(dirtyMark(site.ledger.all, 'dock01')).toBeNull();
  });

  it('plans, is approved, asks, and gives the volume away on evidence; that the source is silent fails nothing', async () => {
    using site = await deadSite();
    site.power = 'off';
    const runbook = await site.read('playbooks/evacuate.yaml', FROM_TO);
    const approved = await site.approve(runbook);
    expect(approved.plays[0]?.steps[1]?.works).toMatchObject([
      { subject: 'data', outcome: 'changed', identity: [site.wwid], error: null },
    ]);
    expect(site.host('dock02').leftovers()).toEqual([]);
    const asked: string[] = [];
    const ask = (question: string): Promise<boolean> => Promise.resolve(asked.push(question) > 0);
    const result = await site.run(runbook, { approved, ask });
    expect(asked).toEqual(['Is dock01 to lose its volumes? What it had not written is lost.']);
    expect([...result.hosts].map(([name, { outcome }]) => [name, outcome])).toEqual([['dock02', 'changed']]);
    expect(result.hosts.get('dock02')?.volumes?.get('data')?.deviceInfo?.path).toMatch(/^\/dev\/dm-/);
    expect(ownerOf(site.ledger.all, site.wwid)).toMatchObject({ host: 'dock02', number: 2 });
    expect(dirtyMark(site.ledger.all, 'dock01')?.volumes).toEqual([{ volume: 'data', wwid: site.wwid }]);
  });

  it('that stopped behind the mark is gone on with by the same playbook, and the third time finds nothing to do', async () => {
    using site = await deadSite();
    site.power = 'off';
    const { array, targetName } = site.fleet;
    const initiator = site.host('dock02').environment.initiatorName;
    const { auth_username: username, auth_password: password } = site.fleet.volumes[1]?.connectionInfo.data ?? {};
    array.allow(targetName, initiator, { username: String(username), password: 'another-secret-1' });
    const runbook = await site.read('playbooks/evacuate.yaml', FROM_TO);
    const first = await site.run(runbook);
    expect(first.hosts.get('dock02')?.outcome).toBe('failed');
    expect(dirtyMark(site.ledger.all, 'dock01')).not.toBeNull();
    array.allow(targetName, initiator, { username: String(username), password: String(password) });
    const second = await site.run(runbook);
    expect(second.hosts.get('dock02')?.error).toBeUndefined();
    expect(ownerOf(site.ledger.all, site.wwid)?.host).toBe('dock02');
    const third = await site.run(runbook);
    expect(third.hosts.get('dock02')?.outcome).toBe('ok');
    const [work] = third.plays[0]?.batches[0]?.steps[1]?.works ?? [];
    expect(work?.message).toBe('was taken from dock01 before, and is at dock02 on record');
  });
});

describe('a host that is dirty after an evacuation (S23)', () => {
  const OTHER = { volume: 'other', wwid: '36001405000000000000000000000000f' };

  async function dirtySite(volumes = [OTHER]): Promise<RunbookSite> {
    const site = await runbookSite({ hosts: 2 });
    await site.run(await site.read('playbooks/attach.yaml'));
    await site.ledger.add({ kind: 'host-mark', host: 'dock01', mark: 'dirty', volumes, why: 'evacuated' });
    return site;
  }

  const play = (...steps: readonly string[]): string =>
    `- name: p\n  hosts: all\n  steps:\n${steps.map((step) => `    - ${step}\n`).join('')}`;

  it('does what looks and what takes away by a playbook', async () => {
    using site = await dirtySite();
    const steps = ['verify: data', 'audit: {}', 'detach: data', 'verify: { volume: data, state: absent }'];
    await using state = await scratchDirectory();
    const result = await site.run(await site.read(play(...steps)), { stateDirectory: state.directoryPath });
    expect([...result.hosts.values()].map(({ error }) => error?.message)).toEqual([undefined, undefined]);
    expect(site.fleet.leftovers()).toEqual([]);
  });

  it.each(['attach: data', 'command: [hostname]', 'wait_for: { command: [hostname] }'])(
    'does nothing at all of a playbook with %s, and its plan says so',
    async (step) => {
      using site = await dirtySite();
      const runbook = await site.read(play('detach: data', step));
      const { plan } = await site.plan(runbook);
      expect(plan.plays[0]?.unseen).toMatchObject([{ host: 'dock01', outcome: 'refused', code: 'E_HOST_DIRTY' }]);
      const { requests } = countRequests(site);
      const narrowed = await site.read(play('detach: data', step), [], 'dock01');
      const result = await site.run(narrowed);
      expect(result.hosts.get('dock01')).toMatchObject({ outcome: 'refused', error: { code: 'E_HOST_DIRTY' } });
      expect(requests).toEqual([]);
    },
  );

  it('is not asked to detach what was taken from it', async () => {
    const [volume] = (await runbookSite({ hosts: 2 })).fleet.volumes;
    using site = await dirtySite([{ volume: 'data', wwid: volume?.wwid ?? '' }]);
    const { requests } = countRequests(site);
    const result = await site.run(await site.read(play('detach: data'), [], 'dock01'));
    expect(result.hosts.get('dock01')?.error?.code).toBe('E_HOST_DIRTY');
    expect(requests).toEqual([]);
  });

  it('is refused in the run that has made it dirty, too', async () => {
    using site = await deadSite();
    site.power = 'off';
    const text = [
      '- name: p\n  hosts: dock02\n  steps:\n    - evacuate: { from: dock01, to: dock02 }\n    - confirm: Is it back?\n    - verify: data\n',
      '- name: q\n  hosts: dock01\n  steps:\n    - command: [hostname]\n',
    ].join('');
    const ask = (): Promise<boolean> => Promise.resolve(site.gone.delete('dock01'));
    const result = await site.run(await site.read(text), { ask });
    expect(result.hosts.get('dock02')?.outcome).toBe('changed');
    expect(result.hosts.get('dock01')?.error?.code).toBe('E_HOST_DIRTY');
  });
});
