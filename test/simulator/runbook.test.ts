import { describe, expect, it } from 'vitest';
import { runbookSite } from './runbook-site.js';

const ATTACH = 'playbooks/attach.yaml';
const DETACH = 'playbooks/detach.yaml';

describe('a runbook', () => {
  it('attaches and detaches a fleet in waves, and nothing is left', async () => {
    using site = await runbookSite({ hosts: 20 });
    const attached = await site.run(await site.read(ATTACH));
    expect(attached.stopped).toBeUndefined();
    expect(attached.plays[0]?.batches.map((batch) => batch.hosts.length)).toEqual([1, 1, 5, 13]);
    expect([...attached.hosts.values()].map(({ outcome }) => outcome)).toEqual(site.fleet.hosts.map(() => 'changed'));
    const proofs = attached.plays[0]?.batches.flatMap((batch) => batch.steps[1]?.works ?? []);
    expect(proofs?.map(({ outcome, message }) => `${outcome} ${message}`)).toEqual(
      site.fleet.hosts.map(() => 'ok attached, 2 of 2 paths live'),
    );
    const detached = await site.run(await site.read(DETACH));
    expect([...detached.hosts.values()].map(({ outcome }) => outcome)).toEqual(site.fleet.hosts.map(() => 'changed'));
    expect(site.fleet.leftovers()).toEqual([]);
  });
});
