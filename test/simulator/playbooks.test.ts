import { readdirSync, readFileSync } from 'node:fs';
import { describe, expect, it } from 'vitest';
import { parse } from 'yaml';
import { playbookFileSchema } from '../../src/runbook/play-schema.js';
import { type RunbookSite, runbookSite } from './runbook-site.js';

/** What a playbook that is shipped is tried on, and how the hosts are afterwards. A new file without one fails. */
interface SetUp {
  readonly hosts: number;
  readonly extraVars?: readonly string[];
  readonly inventory?: string;
  /** before it is planned */
  readonly prepare?: (site: RunbookSite) => Promise<unknown>;
  readonly outcome: 'changed' | 'ok';
  readonly after: (site: RunbookSite) => void;
}

const attached = async (site: RunbookSite): Promise<unknown> => site.run(await site.read('playbooks/attach.yaml'));
const mapsOf = (site: RunbookSite): number[] => site.fleet.hosts.map((host) => host.deviceMapper.mappings.length);
const GROWN = 2 ** 31;

const SET_UPS: Readonly<Record<string, SetUp>> = {
  'attach.yaml': {
    hosts: 6,
    extraVars: ['min_paths=2'],
    outcome: 'changed',
    after: (site) => expect(mapsOf(site)).toEqual([1, 1, 1, 1, 1, 1]),
  },
  'detach.yaml': {
    hosts: 6,
    extraVars: ['volume=data'],
    prepare: attached,
    outcome: 'changed',
    after: (site) => expect(site.fleet.leftovers()).toEqual([]),
  },
  'extend.yaml': {
    hosts: 4,
    prepare: async (site) => {
      await attached(site);
      const { array, targetName } = site.fleet;
      for (const { environment } of site.fleet.hosts) {
        const unit = array.unitAt(targetName, environment.initiatorName, 1);
        if (unit !== null) unit.sizeBytes = GROWN;
      }
      array.changes.changed();
    },
    outcome: 'changed',
    after: (site) =>
      expect(site.fleet.hosts.flatMap((host) => host.deviceMapper.mappings.map((map) => map.sizeBytes))).toEqual(
        site.fleet.hosts.map(() => GROWN),
      ),
  },
};

/** Playbooks that move volumes between two hosts of one volume are tried where there are such hosts. */
const TRIED_ELSEWHERE: Readonly<Record<string, string>> = {
  'migrate.yaml': 'moves-playbooks.test.ts',
  'evacuate.yaml': 'moves-playbooks.test.ts',
  'audit.yaml': 'runbook-sweep.test.ts',
  'sweep.yaml': 'runbook-sweep.test.ts',
};

const folder = new URL('../../playbooks/', import.meta.url);
const files = readdirSync(folder).filter((name) => /\.ya?ml$/.test(name));

describe('the playbooks that are shipped', () => {
  it('are tried, each, here or in the test that is named', () => {
    expect(files.toSorted()).toEqual([...Object.keys(SET_UPS), ...Object.keys(TRIED_ELSEWHERE)].toSorted());
    for (const [name, test] of Object.entries(TRIED_ELSEWHERE)) {
      expect(readFileSync(new URL(test, import.meta.url), 'utf8')).toContain(`playbooks/${name}`);
    }
  });

  it.each(files)('%s fits its schema, which it names for editors', (name) => {
    const text = readFileSync(new URL(name, folder), 'utf8');
    expect(text).toContain('# yaml-language-server: $schema=../schemas/playbook.schema.json\n');
    expect(playbookFileSchema.safeParse(parse(text)).error).toBeUndefined();
  });

  it.each(Object.entries(SET_UPS))('%s validates, plans and runs as planned', async (name, setUp) => {
    using site = await runbookSite({ hosts: setUp.hosts }, setUp.inventory);
    // extend is about volumes whose size nobody wrote down
    for (const host of site.inventory.hosts.values()) {
      if (name === 'extend.yaml')
        for (const volume of host.volumes.values()) delete (volume as { sizeBytes?: number }).sizeBytes;
    }
    await setUp.prepare?.(site);
    const runbook = await site.read(`playbooks/${name}`, setUp.extraVars);
    const before = site.fleet.leftovers();
    const { plan } = await site.plan(runbook);
    expect(site.fleet.leftovers()).toEqual(before);
    expect(plan.plays.flatMap((play) => play.unseen)).toEqual([]);
    const result = await site.run(runbook, { approved: plan });
    expect([...result.hosts.values()].map(({ error }) => error?.message)).toEqual(
      site.fleet.hosts.map(() => undefined),
    );
    expect(result.stopped).toBeUndefined();
    expect(new Set([...result.hosts.values()].map(({ outcome }) => outcome))).toEqual(new Set([setUp.outcome]));
    setUp.after(site);
  });
});
