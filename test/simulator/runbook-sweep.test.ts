import { mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { expect, it, onTestFinished } from 'vitest';
import { RECORD_MARKS } from '../../src/linux/node-records.js';
import { ended, meddled } from './meddle.js';
import { runbookSite } from './runbook-site.js';

const AUDIT = 'playbooks/audit.yaml';
const SWEEP = 'playbooks/sweep.yaml';
const TARGET = 'iqn.2010-10.org.longshore.sim:gone';

/** Lets the looks that were kept be an hour older. */
function age(stateDirectory: string): void {
  const directory = path.join(stateDirectory, 'audits');
  for (const name of readdirSync(directory).filter((one) => one.endsWith('.audit.json'))) {
    const look = JSON.parse(readFileSync(path.join(directory, name), 'utf8')) as { at: number };
    writeFileSync(path.join(directory, name), JSON.stringify({ ...look, at: look.at - 3_600_000 }));
  }
}

it('audit.yaml and sweep.yaml: two looks, an approved plan, and then only what it names', async () => {
  using site = await runbookSite({ hosts: 3 });
  const stateDirectory = mkdtempSync(path.join(tmpdir(), 'longshore-runbook-state-'));
  onTestFinished(() => rmSync(stateDirectory, { recursive: true }));
  const plant = (host: string, name: string, mark: string): void => {
    const { nodes } = site.host(host);
    const targetName = `${TARGET}-${name}`;
    const entry = nodes.create({ targetName, address: '10.9.9.9', port: 3260, iface: 'default' });
    if (mark !== '') nodes.append(entry, `${mark}\n`);
  };
  const left = (): readonly string[] =>
    site.fleet.hosts.flatMap(({ name, nodes }) =>
      nodes.entries.map((entry) => `${name} ${entry.targetName.slice(TARGET.length + 1)}`),
    );
  plant('dock01', 'ours', RECORD_MARKS.made);
  plant('dock02', 'ours', RECORD_MARKS.made);
  plant('dock02', 'theirs', '');

  const audit = await site.read(AUDIT);
  const seen = await site.run(audit, { stateDirectory });
  expect([...seen.hosts.values()].map(({ outcome }) => outcome)).toEqual(['ok', 'ok', 'ok']);
  const failing = await site.read(AUDIT, ['fail=true']);
  expect((await site.run(failing, { stateDirectory })).hosts.get('dock01')?.error?.code).toBe('E_NOT_VERIFIED');

  const sweep = await site.read(SWEEP);
  const works = async () =>
    (await site.plan(sweep, { stateDirectory })).plan.plays.flatMap(({ steps }) => steps.flatMap((step) => step.works));
  expect((await works()).map(({ outcome }) => outcome)).toEqual(['ok']);
  age(stateDirectory);
  const { plan } = await site.plan(sweep, { stateDirectory });
  expect(
    plan.plays.flatMap(({ steps }) =>
      steps.flatMap((step) => step.works.map(({ host, outcome }) => `${host} ${outcome}`)),
    ),
  ).toEqual(['dock01 changed', 'dock02 changed']);

  // --yes is no approval of what nobody has named
  const unnamed = await site.run(sweep, { stateDirectory });
  expect(unnamed.hosts.get('dock01')?.error?.code).toBe('E_PLAN_CHANGED');
  expect(left()).toHaveLength(3);

  age(stateDirectory);
  plant('dock03', 'ours', RECORD_MARKS.made);
  const result = await site.run(sweep, { stateDirectory, approved: plan });
  expect([...result.hosts].map(([name, { outcome }]) => `${name} ${outcome}`)).toEqual([
    'dock01 changed',
    'dock02 changed',
    'dock03 ok',
  ]);
  expect(left()).toEqual(['dock02 theirs', 'dock03 ours']);
});

it('sweep.yaml: one host first; what cannot be removed ends it there, and no later plan names it', async () => {
  using site = await runbookSite({ hosts: 3 });
  const stateDirectory = mkdtempSync(path.join(tmpdir(), 'longshore-runbook-state-'));
  onTestFinished(() => rmSync(stateDirectory, { recursive: true }));
  for (const { name, nodes } of site.fleet.hosts) {
    const entry = nodes.create({ targetName: `${TARGET}-${name}`, address: '10.9.9.9', port: 3260, iface: 'default' });
    nodes.append(entry, `${RECORD_MARKS.made}\n`);
  }
  site.wrap = (executor) =>
    executor.host === 'dock01'
      ? meddled((request) =>
          request.kind === 'run' && request.argv.at(-1) === 'delete'
            ? ended(1, { stderr: 'iscsiadm: busy\n' })
            : undefined,
        )(executor)
      : executor;
  const sweep = await site.read(SWEEP);
  await site.plan(sweep, { stateDirectory });
  const planned = async () => {
    age(stateDirectory);
    const { plan } = await site.plan(sweep, { stateDirectory });
    const works = plan.plays.flatMap(({ steps }) => steps.flatMap((step) => step.works));
    return { plan, hosts: works.filter(({ outcome }) => outcome === 'changed').map(({ host }) => host) };
  };
  const first = await planned();
  expect(first.hosts).toEqual(['dock01', 'dock02', 'dock03']);
  age(stateDirectory);
  const result = await site.run(sweep, { stateDirectory, approved: first.plan });
  expect([...result.hosts].map(([name, { outcome }]) => `${name} ${outcome}`)).toEqual([
    'dock01 failed',
    'dock02 refused',
    'dock03 refused',
  ]);
  expect(site.fleet.hosts.map(({ nodes }) => nodes.entries.length)).toEqual([1, 1, 1]);
  expect((await planned()).hosts).toEqual(['dock02', 'dock03']);
});
