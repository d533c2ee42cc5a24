import { describe, expect, it } from 'vitest';
import { ownerOf } from '../../src/moves/ledger/ledger-view.js';
import { type RunbookSite, runbookSite } from './runbook-site.js';

const VARS = ['from=dock01', 'to=dock02', 'volume=data'];

/** dock01's volume at dock02 too, as the array and the inventory have it. */
async function sharedSite(): Promise<RunbookSite & { readonly wwid: string }> {
  const site = await runbookSite({ hosts: 2 });
  const { array, targetName, volumes } = site.fleet;
  const [first] = volumes;
  const [one, two] = site.fleet.hosts;
  const unit = array.unitAt(targetName, one?.environment.initiatorName ?? '', 1);
  const [source, destination] = ['dock01', 'dock02'].map((name) => site.inventory.hosts.get(name));
  const own = destination?.volumes.get('data');
  if (first === undefined || unit === null || source === undefined || destination === undefined || own === undefined) {
    throw new Error('no volume');
  }
  array.map(targetName, two?.environment.initiatorName ?? '', 1, unit);
  (site.inventory.hosts as Map<string, typeof destination>).set('dock02', {
    ...destination,
    volumes: new Map([['data', { ...own, wwid: first.wwid }]]),
  });
  return Object.assign(site, { wwid: first.wwid });
}

describe('playbooks/migrate.yaml', () => {
  it('plans, is approved, and moves the volume', async () => {
    using site = await sharedSite();
    await site.run(await site.read('playbooks/attach.yaml', ['hosts=dock01']));
    const runbook = await site.read('playbooks/migrate.yaml', VARS);
    const approved = await site.approve(runbook);
    const [work] = approved.plays[0]?.steps[0]?.works ?? [];
    expect(work).toMatchObject({ subject: 'data', outcome: 'changed', identity: [site.wwid], error: null });
    expect(work?.observed.join()).toContain('look at dock01 once more');
    const result = await site.run(runbook, { approved });
    expect(result.hosts.get('dock02')?.error).toBeUndefined();
    expect(site.host('dock01').leftovers()).toEqual([]);
    expect(ownerOf(site.ledger.all, site.wwid)?.host).toBe('dock02');
  });
});

describe('playbooks/evacuate.yaml', () => {
  it('without evidence attaches nothing', async () => {
    using site = await sharedSite();
    await site.run(await site.read('playbooks/attach.yaml', ['hosts=dock01']));
    site.gone.add('dock01');
    await site.ledger.add({ kind: 'owner', volume: 'data', wwid: site.wwid, host: 'dock01', number: 1, how: 'attach' });
    const result = await site.run(await site.read('playbooks/evacuate.yaml', VARS.slice(0, 2)));
    expect(result.hosts.get('dock02')?.error?.code).toBe('E_EVIDENCE');
    expect(site.host('dock02').leftovers()).toEqual([]);
  });
});
