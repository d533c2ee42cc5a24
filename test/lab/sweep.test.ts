import { readFile } from 'node:fs/promises';
import { fileURLToPath } from 'node:url';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { sudoersText } from '../../src/connectors/allow-list.js';
import { iscsiAllowList } from '../../src/connectors/iscsi/allow-list.js';
import { auditSchema } from '../../src/report/audit-schema.js';
import { sweepSchema, type SweepDocument } from '../../src/report/sweep-schema.js';
import { auditAllowList, sweepAllowList } from '../../src/sweep/allow-list.js';
import type { Guest } from './guest.js';
import { type Lab, startLab } from './lab.js';
import {
  attachPlantedVolumes,
  type HostTruth,
  hostTruth,
  OURS,
  pathsFail,
  type PlantedVolumes,
  plantLeftovers,
  plantLookAlikes,
} from './leftovers.js';
import { type Bastion, type LongshoreRun, openBastion } from './longshore.js';
import type { Volume } from './target.js';

const playbook = (name: string): string => fileURLToPath(new URL(`../../playbooks/${name}`, import.meta.url));
const [AUDIT, SWEEP] = [playbook('audit.yaml'), playbook('sweep.yaml')];

let lab: Lab;
let bastion: Bastion;
let client: Guest;
let volumes: PlantedVolumes;
/** names under which they are to be found */
let planted: readonly string[];
let before: HostTruth;

beforeAll(async () => {
  lab = await startLab();
  [client] = lab.clients;
  bastion = await openBastion(lab);
  await scope('lane');
  volumes = await attachPlantedVolumes(lab, client);
  await plantLookAlikes(lab, client, volumes);
  planted = await plantLeftovers(lab, client, volumes);
  await pathsFail(client, volumes.dead);
  before = await hostTruth(client);
});

afterAll(async () => {
  await bastion?.close();
  await lab?.stop();
});

/** Which clients are looked at, and how Longshore becomes root there; with `command` by the rules of `longshore sudoers`, and no others. */
async function scope(become: 'lane' | 'command', clients: readonly Guest[] = [client]): Promise<void> {
  if (become === 'command') {
    const rules = { iscsi: iscsiAllowList(), audit: auditAllowList(), sweep: sweepAllowList() };
    const input = sudoersText('ops', rules);
    await Promise.all(clients.map((one) => one.run('cat >/etc/sudoers.d/lab', { input })));
  }
  const hosts = clients.map((guest) => ({ guest, user: 'ops', volumes: [] }));
  await bastion.useInventory(hosts, (text) =>
    text.replaceAll('ansible_become: true', `ansible_become: true\n      longshore_become_scope: "${become}"`),
  );
}

function longshore(...args: readonly string[]): Promise<LongshoreRun> {
  return bastion.run(...args, '--state-dir', `${bastion.dir}/state`);
}

async function sweep(...args: readonly string[]): Promise<SweepDocument & { readonly exit: number | null }> {
  const { stdout, stderr, exit } = await longshore('sweep', '--grace', '1', '--json', ...args);
  const parsed = sweepSchema.safeParse(JSON.parse(stdout || 'null'));
  if (!parsed.success) throw new Error(stderr);
  return { ...parsed.data, exit };
}

/** The hosts of each wave of a removal, and how many of them ended well, in the order in which that was told. */
async function waves(eventFile: string): Promise<readonly string[]> {
  const lines = (await readFile(eventFile, 'utf8')).trimEnd().split('\n');
  const events = lines.map((line) => JSON.parse(line) as { type: string; hosts?: readonly string[]; ok?: number });
  return events.flatMap(({ type, hosts = [], ok = 0 }) =>
    type === 'batch-started' ? [hosts.join(' ')] : type === 'batch-ended' ? [`${ok} ok`] : [],
  );
}

async function objectsOf(): Promise<readonly { readonly class: string; readonly key: string }[]> {
  const { stdout } = await longshore('audit', '--json');
  return auditSchema.parse(JSON.parse(stdout)).hosts['client1']?.objects ?? [];
}

const keysOf = (objects: Awaited<ReturnType<typeof objectsOf>>, verdict: string): readonly string[] =>
  objects.filter((one) => one.class === verdict).map(({ key }) => key);

const without = (list: readonly string[], ...parts: readonly string[]): readonly string[] =>
  list.filter((line) => !parts.some((part) => line.includes(part)));

it('an audit names what is left over, one of each kind, leaves look-alikes to their owners, and changes nothing', async () => {
  const { exit, stderr } = await longshore('run', AUDIT, '--yes');
  expect(exit, stderr).toBe(0);
  const objects = await objectsOf();
  expect(keysOf(objects, 'candidate').toSorted(), JSON.stringify(objects, null, 1)).toEqual(planted.toSorted());
  expect(keysOf(objects, 'foreign')).toEqual(
    expect.arrayContaining([`map:${volumes.busy.wwid}`, `map:${volumes.held.wwid}`]),
  );
  expect(await hostTruth(client)).toEqual(before);
});

it('sweep.yaml plans without a change, and removes what the approved plan names', async () => {
  const planned = await longshore('plan', SWEEP, '-e', 'grace=1', '--json');
  const { hash } = JSON.parse(planned.stdout) as { readonly hash: string };
  expect(await hostTruth(client)).toEqual(before);
  const { exit, stdout, stderr } = await longshore('run', SWEEP, '-e', 'grace=1', '--approve', hash);
  expect(exit, stdout + stderr).toBe(0);
  const { mappings, disks, sessions } = await hostTruth(client);
  const { dead, remapped } = volumes;
  expect(mappings).toEqual(without(before.mappings, `${dead.wwid} `, 'dead-data', 'orphan-data', 'vg-gone'));
  const naa = ({ wwid }: Volume): string => `naa.${wwid.slice(1)}`;
  expect(disks).toEqual(without(before.disks, naa(dead), naa(remapped)));
  expect(sessions).toEqual(without(before.sessions, OURS));
});

it('the command takes the rest, also what is an orphan only now, host after host, with the rules of sudoers and no others; nothing else is touched', async () => {
  const [, other] = lab.clients;
  const link = '/dev/disk/by-id/os-brick+dev+dm-78';
  await other.run(`mkdir -p /dev/disk/by-id; ln -s /dev/dm-78 '${link}'`);
  await scope('lane', lab.clients);
  await sweep();
  await scope('command', lab.clients);
  const { hash } = await sweep();
  const events = `${bastion.dir}/events.jsonl`;
  const applied = await sweep('--approve', hash ?? '', '--events', events);
  expect(await waves(events)).toEqual(['client1', '1 ok', 'client2', '1 ok']);
  expect(applied.objects.filter(({ host }) => host === 'client2').map(({ key }) => key)).toEqual([`link:${link}`]);
  expect((await other.run(`ls -A /dev/disk/by-id`)).stdout).not.toContain('os-brick');
  expect([applied.exit, ...applied.objects.filter(({ state }) => state !== 'removed')]).toEqual([0]);
  const after = await hostTruth(client);
  expect(after.records).toEqual(without(before.records, OURS, ':gone1', ':gone3'));
  expect(after.links).toEqual(without(before.links, 'os-brick+dev+dm-77'));
  expect(after.putAside).toEqual([expect.stringContaining(':gone3+10.9.9.9,3260')]);
  const { stdout } = await client.run(
    `echo more >>/srv/busy/file; sync -f /srv/busy; cat /srv/busy/file; cat /etc/iscsi/nodes/*:gone2/* | grep -c '^# longshore' || true`,
  );
  expect(stdout).toBe('precious\nmore\n0\n');
  expect(keysOf(await objectsOf(), 'candidate')).toEqual([]);
});
