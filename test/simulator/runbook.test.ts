import { describe, expect, it } from 'vitest';
import { onlyLooks } from '../../src/transport/read-only-executor.js';
import { resumedOf, narrowedRunbook } from '../../src/runbook/resumed.js';
import type { RunbookResult } from '../../src/runbook/run-result.js';
import { countRequests, runbookSite } from './runbook-site.js';

const ATTACH = 'playbooks/attach.yaml';
const DETACH = 'playbooks/detach.yaml';

const outcomes = (result: RunbookResult): Record<string, number> => {
  const counts: Record<string, number> = {};
  for (const { outcome } of result.hosts.values()) counts[outcome] = (counts[outcome] ?? 0) + 1;
  return counts;
};
const errorOf = (result: RunbookResult, host: string): string => {
  const { error } = result.hosts.get(host) ?? {};
  return error === undefined ? '' : `${error.code} ${error.message}`;
};
const steps = (...lines: readonly string[]): string =>
  `- name: p\n  hosts: all\n  steps:\n${lines.map((line) => `    - ${line}\n`).join('')}`;

describe('a run of a playbook', () => {
  it('attaches and detaches a fleet in waves, proves it, and leaves nothing', async () => {
    using site = await runbookSite({ hosts: 20 });
    const attached = await site.run(await site.read(ATTACH));
    expect(attached.stopped).toBeUndefined();
    expect(attached.plays[0]?.batches.map((batch) => batch.hosts.length)).toEqual([1, 1, 5, 13]);
    expect(outcomes(attached)).toEqual({ changed: 20 });
    const proofs = attached.plays[0]?.batches.flatMap((batch) => batch.steps[1]?.works ?? []);
    expect(new Set(proofs?.map(({ outcome, message }) => `${outcome} ${message}`))).toEqual(
      new Set(['ok attached, 2 of 2 paths live']),
    );
    expect(outcomes(await site.run(await site.read(ATTACH)))).toEqual({ ok: 20 });
    expect(outcomes(await site.run(await site.read(DETACH)))).toEqual({ changed: 20 });
    expect(site.fleet.leftovers()).toEqual([]);
  });

  it('a step that fails ends the steps of its host, and its host is out of later plays', async () => {
    using site = await runbookSite({ hosts: 3 });
    await site.run(await site.read(ATTACH));
    site.host('dock02').mount('dm-0', '/srv');
    const text = `${steps('detach: data', 'verify: {volume: data, state: absent}')}- name: q\n  hosts: all\n  steps:\n    - command: [hostname]\n`;
    const result = await site.run(await site.read(text));
    expect(errorOf(result, 'dock02')).toMatch(/^E_DEVICE_BUSY .*\/srv/);
    expect(outcomes(result)).toEqual({ changed: 2, refused: 1 });
    expect(result.plays[0]?.batches[0]?.steps[1]?.works.map(({ host }) => host).sort()).toEqual(['dock01', 'dock03']);
    expect(result.plays[1]?.batches[0]?.hosts).toEqual(['dock01', 'dock03']);
  });

  it('a refusal for identity on the canary stops the wave: no other host is touched', async () => {
    using site = await runbookSite({ hosts: 10 });
    const { array, targetName } = site.fleet;
    const { initiatorName } = site.host('dock01').environment;
    const other = array.createVolume({ wwid: '36001405ffffffffffffffffffffffff0', sizeBytes: 2 ** 30 });
    array.map(targetName, initiatorName, 1, other);
    const result = await site.run(await site.read(ATTACH));
    expect(result.stopped).toEqual({ kind: 'safety', message: 'dock01 stopped for safety: E_IDENTITY_MISMATCH' });
    expect(outcomes(result)).toEqual({ refused: 1 });
    expect(result.notRun).toHaveLength(9);
    expect(site.fleet.leftovers()).toEqual([]);
  });

  it('an outage stops it before more is taken away', async () => {
    using site = await runbookSite({ hosts: 20 });
    await site.run(await site.read(ATTACH));
    for (const name of ['dock02', 'dock04', 'dock06', 'dock08', 'dock10', 'dock12', 'dock14']) site.gone.add(name);
    const text = `- {name: p, hosts: all, fanout: 1, steps: [detach: data]}\n`;
    const result = await site.run(await site.read(text));
    expect(result.stopped?.message).toBe(
      'this looks like an outage: 6 of 20 hosts cannot be reached or have lost their storage',
    );
    expect(outcomes(result)).toEqual({ changed: 6, unreachable: 6 });
    expect(result.notRun).toHaveLength(8);
  });

  it('a no to a question ends it, and what is left is told', async () => {
    using site = await runbookSite({ hosts: 2 });
    const text = steps('attach: data', 'confirm: Go on?', 'detach: data');
    const result = await site.run(await site.read(text), { ask: () => Promise.resolve(false) });
    expect(result.stopped?.kind).toBe('declined');
    expect(result.unfinished).toEqual(['dock01', 'dock02']);
    expect(outcomes(result)).toEqual({ changed: 2 });
    expect(site.fleet.leftovers().filter((one) => one.includes('map'))).toHaveLength(2);
  });

  it('asks once for each batch, when all of its hosts have come to it', async () => {
    using site = await runbookSite({ hosts: 3 });
    const asked: number[] = [];
    const attached = (): number => site.fleet.hosts.filter((host) => host.deviceMapper.mappings.length > 0).length;
    const text = '- {name: p, hosts: all, serial: [1, 2], steps: [attach: data, confirm: Fine?, verify: data]}\n';
    await site.run(await site.read(text), {
      ask: () => {
        asked.push(attached());
        return Promise.resolve(true);
      },
    });
    expect(asked).toEqual([1, 3]);
  });
});

describe('steps that look', () => {
  it('verify counts live paths, and says what is missing', async () => {
    using site = await runbookSite({ hosts: 2 });
    site.fleet.array.setPortal('10.2.0.1:3260', 'down');
    await site.run(await site.read(steps('attach: data')));
    const one = await site.run(await site.read(steps('verify: {volume: data, min_paths: 1}')));
    expect(outcomes(one)).toEqual({ ok: 2 });
    const two = await site.run(await site.read(steps('verify: {volume: data, min_paths: 2}')));
    expect(errorOf(two, 'dock01')).toBe('E_NOT_VERIFIED data has 1 live paths of at least 2');
    const absent = await site.run(await site.read(steps('verify: {volume: data, state: absent}')));
    expect(errorOf(absent, 'dock01')).toMatch(/^E_NOT_VERIFIED data is not absent: still to do: .*map/);
  });

  it('verify asks the disks themselves: a volume that was remapped under the map is found out', async () => {
    using site = await runbookSite({ hosts: 1 });
    await site.run(await site.read(steps('attach: data')));
    const { array, targetName } = site.fleet;
    const other = array.createVolume({ wwid: '36001405ffffffffffffffffffffffff0', sizeBytes: 2 ** 30 });
    array.map(targetName, site.host('dock01').environment.initiatorName, 1, other);
    const result = await site.run(await site.read(steps('verify: data')));
    expect(errorOf(result, 'dock01')).toMatch(/^E_IDENTITY_MISMATCH /);
    expect(result.stopped?.kind).toBe('safety');
  });

  it('verify of what is not attached fails', async () => {
    using site = await runbookSite({ hosts: 1 });
    const result = await site.run(await site.read(steps('verify: data')));
    expect(errorOf(result, 'dock01')).toBe('E_DEVICE_NOT_FOUND data is not attached to this host');
  });

  it('assert holds facts and status against what is wanted, with the message of the playbook', async () => {
    using site = await runbookSite({ hosts: 1 });
    const initiator = 'iqn.2004-10.org.longshore.sim:dock01';
    const fine = steps(`assert: {facts: {os_type: linux, initiator: '${initiator}', nqn: null}}`);
    expect(outcomes(await site.run(await site.read(fine)))).toEqual({ ok: 1 });
    const facts = steps('assert: {facts: {os_type: plan9}, message: this is for Plan 9}', 'attach: data');
    const wrong = await site.run(await site.read(facts));
    expect(errorOf(wrong, 'dock01')).toBe('E_NOT_VERIFIED this is for Plan 9 (os_type is linux, not plan9)');
    expect(site.fleet.leftovers()).toEqual([]);
    const status = steps('assert: {volume: data, status: {attached: true, size_bytes: 5}}');
    expect(errorOf(await site.run(await site.read(status)), 'dock01')).toBe(
      'E_NOT_VERIFIED data: it is not attached; its size is unknown, not 5',
    );
    const absent = steps('assert: {volume: data, status: {attached: false}}');
    expect(outcomes(await site.run(await site.read(absent)))).toEqual({ ok: 1 });
  });

  it('wait_for waits for what comes about meanwhile, and gives up in time', async () => {
    using site = await runbookSite({ hosts: 1 });
    site.fleet.array.setPortal('10.1.0.1:3260', 'down');
    const waiting = site.run(await site.read(steps("wait_for: {portal: '10.1.0.1:3260', timeout_s: 30}")));
    await expect.poll(() => site.host('dock01').commands.length).toBeGreaterThan(0);
    site.fleet.array.setPortal('10.1.0.1:3260', 'up');
    site.host('dock01').environment.changes.changed();
    expect(outcomes(await waiting)).toEqual({ ok: 1 });

    const late = await site.run(await site.read(steps('wait_for: {volume: data, timeout_s: 1}')));
    expect(errorOf(late, 'dock01')).toMatch(/^E_DEVICE_NOT_FOUND data is not attached/);
    const gone = await site.run(await site.read(steps('wait_for: {volume: data, state: absent, timeout_s: 1}')));
    expect(outcomes(gone)).toEqual({ ok: 1 });
    const command = await site.run(await site.read(steps('wait_for: {command: [false], timeout_s: 1}')));
    expect(errorOf(command, 'dock01')).toBe('E_NOT_VERIFIED waited 1 s, but not so: false exits 0');
  });
});

describe('a plan', () => {
  it('has no way to change a host: not one request that could is sent', async () => {
    using site = await runbookSite({ hosts: 3 });
    const counts = countRequests(site);
    const gone = 'verify: {volume: data, state: absent}';
    const text = steps('attach: data', 'verify: data', 'command: [hostname]', 'detach: data', gone);
    const runbook = await site.read(text);
    const { plan } = await site.plan(runbook);
    expect(plan.plays[0]?.steps.map(({ works }) => works.length)).toEqual([3, 3, 3, 3, 3]);
    expect(counts.requests.length).toBeGreaterThan(10);
    expect(counts.requests.filter((request) => !onlyLooks(request))).toEqual([]);
    expect(site.fleet.leftovers()).toEqual([]);
    await site.run(runbook);
    expect(counts.requests.filter((request) => !onlyLooks(request)).length).toBeGreaterThan(10);
  });

  it('says what follows a change, and is the same when nothing has changed', async () => {
    using site = await runbookSite({ hosts: 2 });
    const runbook = await site.read(steps('attach: data', 'verify: data', 'command: [hostname]', 'detach: data'));
    const { plan } = await site.plan(runbook);
    const follows = plan.plays[0]?.steps.map(({ works }) => works[0]?.follows);
    expect(follows).toEqual([null, 'attach data', null, 'attach data']);
    expect((await site.plan(runbook)).plan.hash).toBe(plan.hash);
    const wwid = site.fleet.volumes[0]?.wwid;
    expect(plan.plays[0]?.steps[0]?.works[0]?.identity).toEqual([wwid]);
    expect(JSON.stringify(plan)).not.toContain(String(site.fleet.volumes[0]?.connectionInfo.data['auth_password']));
  });

  it('changes with what a host shows', async () => {
    using site = await runbookSite({ hosts: 2 });
    const runbook = await site.read(steps('detach: data'));
    const before = await site.approve(runbook);
    await site.run(await site.read(steps('attach: data')));
    const after = await site.approve(runbook);
    expect(after.hash).not.toBe(before.hash);
    site.host('dock02').mount('dm-0', '/srv');
    const busy = await site.approve(runbook);
    expect(busy.hash).not.toBe(after.hash);
    expect(busy.plays[0]?.steps[0]?.works.map(({ outcome }) => outcome)).toEqual(['changed', 'refused']);
  });

  it('does not change with the names that the kernel gives', async () => {
    using site = await runbookSite({ hosts: 1, volumesPerHost: 2 });
    const runbook = await site.read(steps('detach: data2'));
    await site.run(await site.read(steps('attach: data1', 'attach: data2')));
    const first = await site.approve(runbook);
    await site.run(await site.read(steps('detach: all')));
    await site.run(await site.read(steps('attach: data2', 'attach: data1')));
    expect(await site.approve(runbook)).toMatchObject({ hash: first.hash });
  });

  it('a host that cannot be reached is in it, and is refused when it is there again', async () => {
    using site = await runbookSite({ hosts: 2 });
    site.gone.add('dock01');
    const runbook = await site.read(steps('attach: data'));
    const approved = await site.approve(runbook);
    expect(approved.plays[0]?.unseen).toMatchObject([{ host: 'dock01', code: 'E_UNREACHABLE' }]);
    site.gone.clear();
    const result = await site.run(runbook, { approved });
    expect(errorOf(result, 'dock01')).toMatch(/^E_PLAN_CHANGED .*could not be looked at when the plan was made/);
    expect(outcomes(result)).toEqual({ refused: 1, changed: 1 });
  });
});

describe('an approved plan', () => {
  it('is done when all is as it was seen', async () => {
    using site = await runbookSite({ hosts: 5 });
    const runbook = await site.read(ATTACH);
    expect(outcomes(await site.run(runbook, { approved: await site.approve(runbook) }))).toEqual({ changed: 5 });
    const detach = await site.read(DETACH);
    expect(outcomes(await site.run(detach, { approved: await site.approve(detach) }))).toEqual({ changed: 5 });
    expect(site.fleet.leftovers()).toEqual([]);
  });

  it('does nothing to a volume that is not as it was seen, and says what differs; others go on', async () => {
    using site = await runbookSite({ hosts: 4 });
    await site.run(await site.read(steps('attach: data')));
    const runbook = await site.read(steps('detach: data'));
    const approved = await site.approve(runbook);
    const busy = site.host('dock02');
    busy.mount('dm-0', '/srv');
    const before = busy.leftovers();
    const result = await site.run(runbook, { approved });
    expect(errorOf(result, 'dock02')).toMatch(
      /^E_PLAN_CHANGED data is not as it was approved: it was changed, and is refused; error was none, and is E_DEVICE_BUSY; step no longer: /,
    );
    expect(busy.leftovers()).toEqual(before);
    expect(outcomes(result)).toEqual({ changed: 3, refused: 1 });
  });

  it('of work that another has done meanwhile is not taken for done', async () => {
    using site = await runbookSite({ hosts: 1 });
    const runbook = await site.read(steps('attach: data'));
    const approved = await site.approve(runbook);
    await site.run(runbook);
    expect(errorOf(await site.run(runbook, { approved }), 'dock01')).toMatch(
      /^E_PLAN_CHANGED data is not as it was approved: it was changed, and is ok; seen no longer: /,
    );
  });

  it('of another playbook, or of one with another inventory, is refused before anything is looked at', async () => {
    using site = await runbookSite({ hosts: 1 });
    const approved = await site.approve(await site.read(steps('attach: data')));
    const other = await site.read(steps('attach: data').replace('name: p', 'name: q'));
    await expect(site.run(other, { approved })).rejects.toMatchObject({ code: 'E_PLAN_CHANGED' });
  });

  it('holds the host lock between the look that is compared and the work', async () => {
    using site = await runbookSite({ hosts: 1 });
    const counts = countRequests(site);
    const runbook = await site.read(steps('attach: data'));
    const approved = await site.approve(runbook);
    counts.requests.length = 0;
    await site.run(runbook, { approved });
    const kinds = counts.requests.map(({ kind }) => kind);
    expect(kinds[0]).toBe('lock');
    expect(counts.requests.findIndex((request) => !onlyLooks(request) && request.kind !== 'lock')).toBeGreaterThan(3);
  });
});

describe('500 hosts, 5% of them broken', () => {
  it('stop by budget in a rolling detach, and are resumed to the end', { timeout: 240_000 }, async () => {
    using site = await runbookSite({ hosts: 500 });
    const everywhere = await site.read('- {name: p, hosts: all, steps: [attach: data]}\n');
    expect(outcomes(await site.run(everywhere))).toEqual({ changed: 500 });
    const broken = Array.from({ length: 25 }, (_, index) => `dock${String(index * 20 + 13).padStart(3, '0')}`);

    // one is in the second batch, and the third of the third batch is one too many
    const runbook = await site.read(DETACH, ['volume=data']);
    const tight = {
      ...runbook,
      plays: runbook.plays.map((play) => ({ ...play, limits: { perBatch: THREE, total: THREE } })),
    };
    const approved = await site.approve(tight);
    for (const name of broken) site.host(name).mount('dm-0', '/srv/data');
    const journal = await site.journal();
    const first = await site.run(tight, { approved, journalOf: journal.of });
    expect(first.stopped?.kind).toBe('failures');
    const batches = first.plays[0]?.batches.map((batch) => batch.hosts.length);
    expect(batches).toEqual([1, 25, 125]);
    expect(outcomes(first)['refused']).toBeGreaterThanOrEqual(4);
    expect(first.notRun.length).toBeGreaterThan(349);

    for (const name of broken) site.host(name).mounts.unmount('/srv/data');
    const resumed = resumedOf([await journal.record()]);
    const left = narrowedRunbook(tight, (play, host) => !resumed.hasDone(play, host));
    expect(left.hosts).toHaveLength(500 - (outcomes(first)['changed'] ?? 0));
    const second = await site.run(left, { approved, resumed });
    expect(second.stopped).toBeUndefined();
    expect(outcomes(second)).toEqual({ changed: left.hosts.length });
    expect(site.fleet.leftovers()).toEqual([]);
  });
});

const THREE = { kind: 'count', value: 3 } as const;
