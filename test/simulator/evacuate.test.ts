import { describe, expect, it } from 'vitest';
import { connectorFor } from '../../src/connectors/registry.js';
import { LongshoreError } from '../../src/errors/longshore-error.js';
import type { HostContext } from '../../src/fleet/run-host.js';
import type { NewLine } from '../../src/journal/journal-lines.js';
import { type HostJournal, TaskJournal } from '../../src/journal/task-journal.js';
import { cleanTask } from '../../src/moves/dirty/clean-task.js';
import { chooseEvacuees } from '../../src/moves/evacuate/choose-evacuees.js';
import { type EvacuationOptions, type EvacuationReport, evacuate } from '../../src/moves/evacuate/evacuate.js';
import { checkedEvidence, type EvidenceTools } from '../../src/moves/evidence/evidence-source.js';
import { dirtyMark, openMoves, ownerOf } from '../../src/moves/ledger/ledger-view.js';
import type { FleetModelOptions } from '../../src/simulator/fleet-model.js';
import type { SimulatedHost } from '../../src/simulator/host-model.js';
import { onlyLooks } from '../../src/transport/read-only-executor.js';
import { atEach, Controller, movesSite, type MovesSite, ownersIn } from './moves-site.js';

const FENCING = {
  method: 'bmc-power-off',
  check: ['power-state', '{host}'],
  expect: ['off'],
  pauseMs: 1000,
  timeoutMs: 1000,
  validMs: 60_000,
} as const;
const START = Date.parse('2026-03-01T10:00:00Z');

/** What the power controller of the source says, and what time it is. */
class World implements EvidenceTools {
  states: string[] = ['off'];
  readings = 0;
  clock = START;
  /** called before each reading */
  onReading: () => void = () => undefined;
  readonly by = 'test';
  readonly run = (): Promise<{ stdout: string }> => {
    this.readings += 1;
    this.onReading();
    const state = this.states.length > 1 ? this.states.shift() : this.states[0];
    return Promise.resolve({ stdout: JSON.stringify({ state }) });
  };
  readonly readFile = (): Promise<string> => Promise.reject(new Error('no file'));
  readonly pause = (ms: number): Promise<void> => {
    this.clock += ms;
    return Promise.resolve();
  };
  readonly now = (): Date => new Date(this.clock);
}

const DEAD = new LongshoreError('E_UNREACHABLE', 'no route to host');

interface Setting {
  readonly site: MovesSite;
  readonly world: World;
  /** the source answers again */
  isBack: boolean;
  run(controller?: Controller, more?: Partial<EvacuationOptions>): Promise<EvacuationReport>;
}

/** quay01 has the volume, on record, and stops answering; quay02 is to get it, and quay03 declares it too. */
async function setting(options: Partial<FleetModelOptions> = {}): Promise<Setting> {
  const site = movesSite(options);
  const world = new World();
  const [a, b, c] = site.hosts;
  await site.attach(a);
  site.ledger.now = world.now;
  await site.ledger.add({ kind: 'owner', volume: 'data', wwid: site.wwid, host: a.name, number: 1, how: 'attach' });
  const volumes = (host: SimulatedHost) => ({ name: host.name, volumes: new Map([['data', site.spec(host)]]) });
  const self: Setting = {
    site,
    world,
    isBack: false,
    async run(controller = new Controller(), more = {}) {
      const reached = new Map<string, HostContext | LongshoreError>(
        [b, c].map((host) => [host.name, site.context(controller, host)]),
      );
      const entries = await site.ledger.entries();
      const report = await evacuate({
        from: a.name,
        choice: chooseEvacuees({ from: volumes(a), to: [volumes(b)], entries, wanted: [], unrecorded: false }),
        reached,
        silence: self.isBack ? null : DEAD,
        knock: () =>
          self.isBack ? Promise.reject(new LongshoreError('E_HOST_ANSWERS', 'it is back')) : Promise.resolve(),
        evidence: checkedEvidence({ name: a.name, address: a.name }, FENCING, world),
        othersWith: () => [{ host: c.name, spec: site.spec(c), reached: reached.get(c.name) ?? DEAD }],
        connectorFor,
        ledger: controller.writes(site.ledger),
        runId: `run ${site.ledger.all.length}`,
        now: world.now,
        planOnly: false,
        ...more,
      });
      await site.release();
      return report;
    },
  };
  return self;
}

/** That the destination was asked for no change at all. */
function watchChanges(controller: Controller): { readonly hosts: Set<string> } {
  const hosts = new Set<string>();
  controller.onRequest = (host, requests) => {
    if (requests.some((request) => request.kind !== 'lock' && !onlyLooks(request))) hosts.add(host);
  };
  return { hosts };
}

describe('evacuate', () => {
  it('gives the volume to the destination on evidence, marks the source dirty first, and says what is lost', async () => {
    const at = await setting();
    const [a, b] = at.site.hosts;
    const report = await at.run();
    expect(report.error).toBeUndefined();
    expect([...report.stopped]).toEqual([]);
    expect(report.ends).toHaveLength(1);
    expect(report.ends[0]?.result.outcome).toBe('changed');
    expect(report.ends[0]?.result.warnings.join()).toContain('had not written of data');
    expect(at.site.hasVolume(b)).toBe(true);
    expect(ownersIn(at.site.ledger.all)).toEqual([`${a.name} 1 attach`, `${b.name} 2 evacuate`]);
    expect(dirtyMark(at.site.ledger.all, a.name)?.volumes).toEqual([{ volume: 'data', wwid: at.site.wwid }]);
    expect(openMoves(at.site.ledger.all)).toEqual([]);
    const kinds = at.site.ledger.all.map((entry) => (entry.kind === 'move' ? entry.phase : entry.kind));
    expect(kinds).toEqual(['owner', 'evidence', 'host-mark', 'begun', 'arriving', 'evidence', 'owner', 'closed']);
    // twice at the beginning, twice right before the attach
    expect(at.world.readings).toBe(4);
  });

  it.each([
    ['without evidence', 'on', 'E_EVIDENCE'],
    ['when the host is said to restart', 'restarting', 'E_EVIDENCE'],
  ])('%s changes nothing anywhere (E1)', async (_, state, code) => {
    const at = await setting();
    at.world.states = [state];
    const controller = new Controller();
    const changed = watchChanges(controller);
    const before = at.site.ledger.all.length;
    const report = await at.run(controller);
    expect(report.error?.code).toBe(code);
    expect(changed.hosts.size).toBe(0);
    expect(at.site.ledger.all).toHaveLength(before);
  });

  it('refuses a source that answers, in whatever way', async () => {
    for (const silence of [
      null,
      new LongshoreError('E_AUTH', 'login refused'),
      new LongshoreError('E_HOST_KEY', 'another key'),
    ]) {
      const at = await setting();
      const controller = new Controller();
      const changed = watchChanges(controller);
      const report = await at.run(controller, { silence });
      expect(report.error?.code).toBe('E_HOST_ANSWERS');
      expect(changed.hosts.size).toBe(0);
      expect(at.world.readings).toBe(0);
    }
  });

  it('asks again right before the attach: evidence that does not hold any more ends it (E3)', async () => {
    const at = await setting();
    const [a] = at.site.hosts;
    at.world.states = ['off', 'off', 'restarting'];
    const controller = new Controller();
    const changed = watchChanges(controller);
    const report = await at.run(controller);
    expect(report.error?.code).toBe('E_EVIDENCE');
    expect(report.stopped.get('data')?.message).toContain('restarting');
    expect(changed.hosts.size).toBe(0);
    expect(ownerOf(at.site.ledger.all, at.site.wwid)?.host).toBe(a.name);
    expect(openMoves(at.site.ledger.all)).toEqual([]);
    expect(dirtyMark(at.site.ledger.all, a.name)).not.toBeNull();
  });

  it('takes evidence that expires between the check and the attach for none', async () => {
    const at = await setting();
    const controller = new Controller();
    const changed = watchChanges(controller);
    // trying the source takes longer than the answer of its power controller holds
    const knock = async (): Promise<void> => {
      while (at.world.readings < 4) await new Promise((resolve) => setImmediate(resolve));
      at.world.clock += 120_000;
    };
    const report = await at.run(controller, { knock });
    expect(report.stopped.get('data')?.message).toContain('expired');
    expect(changed.hosts.size).toBe(0);
  });

  it('stops when the source is back in the middle (E4)', async () => {
    const at = await setting();
    at.world.onReading = () => {
      if (at.world.readings === 3) at.isBack = true;
    };
    const controller = new Controller();
    const changed = watchChanges(controller);
    const report = await at.run(controller);
    expect(report.error?.code).toBe('E_HOST_ANSWERS');
    expect(changed.hosts.size).toBe(0);
  });

  it('stops a volume that a third host has, or may have', async () => {
    const at = await setting();
    const [, , c] = at.site.hosts;
    await at.site.attach(c);
    expect((await at.run()).stopped.get('data')).toMatchObject({ code: 'E_TWO_HOSTS' });
    const silent = await setting();
    const controller = new Controller();
    controller.silent.add(c.name);
    expect((await silent.run(controller)).stopped.get('data')?.message).toContain(
      `${c.name} may have it and does not answer`,
    );
  });

  it('stops a destination that has the initiator name of another host (E5)', async () => {
    const clone = 'iqn.2004-10.org.longshore.sim:clone';
    const at = await setting({ initiatorNameOf: (index) => (index === 0 ? undefined : clone) });
    const [, b] = at.site.hosts;
    const report = await at.run();
    expect(report.ends[0]?.result).toMatchObject({ outcome: 'refused', error: { code: 'E_CONFLICT' } });
    expect(b.leftovers()).toEqual([]);
    expect(openMoves(at.site.ledger.all)).toEqual([]);
  });

  it('after a crash of the controller at any request ends at the destination, with one owner', async () => {
    const good = await setting();
    const counting = new Controller();
    await good.run(counting);
    await atEach(counting.requests * 2, async (index) => {
      const at = await setting();
      const [, b] = at.site.hosts;
      const dying = new Controller();
      dying.diesAt = { request: Math.ceil(index / 2), hasRun: index % 2 === 0 };
      await at.run(dying);
      const where = `request ${Math.ceil(index / 2)}`;
      const second = await at.run();
      const isThere = ownerOf(at.site.ledger.all, at.site.wwid)?.host === b.name;
      expect(isThere, `${where}: ${second.error?.message ?? JSON.stringify([...second.stopped])}`).toBe(true);
      expect(at.site.hasVolume(b), where).toBe(true);
      expect(openMoves(at.site.ledger.all), where).toEqual([]);
    });
  });

  it('leaves the volume with its dead host on record when the destination cannot attach', async () => {
    const at = await setting();
    const [a, b] = at.site.hosts;
    const chap = { username: b.name, password: 'another-secret-1' };
    at.site.fleet.array.allow(at.site.fleet.targetName, b.environment.initiatorName, chap);
    const report = await at.run();
    expect(report.ends[0]?.result.outcome).toBe('failed');
    expect(ownerOf(at.site.ledger.all, at.site.wwid)?.host).toBe(a.name);
    expect(openMoves(at.site.ledger.all)).toEqual([]);
    expect(b.leftovers()).toEqual([]);
  });
});

describe('a host that is back', () => {
  async function clean(at: Setting, now: Date, planOnly = false, journal?: HostJournal) {
    const [a] = at.site.hosts;
    const controller = new Controller();
    const task = cleanTask<{ name: string }>({
      ledger: at.site.ledger,
      volumesOf: () => new Map([['data', at.site.spec(a)]]),
      connectorFor,
      planOnly,
      now: () => now,
    });
    const context = at.site.context(controller, a);
    const findings = await task({ name: a.name }, journal === undefined ? context : { ...context, journal });
    await at.site.release();
    return findings;
  }

  it('that was not rebooted keeps its devices: what it holds in memory must not be written (S23)', async () => {
    const at = await setting();
    const [a] = at.site.hosts;
    await at.run();
    const commands = a.commands.length;
    const findings = await clean(at, new Date(at.world.clock + 60_000));
    expect(findings).toMatchObject({ outcome: 'refused', error: { code: 'E_HOST_DIRTY' } });
    expect(findings.error?.message).toContain('not rebooted');
    expect(a.commands.slice(commands).some((argv) => argv.includes('-f') || argv.includes('--flushbufs'))).toBe(false);
    expect(dirtyMark(at.site.ledger.all, a.name)).not.toBeNull();
  });

  it('that was rebooted is cleaned of what was taken from it, proven, and not dirty any more', async () => {
    const at = await setting();
    const [a] = at.site.hosts;
    await at.run();
    // up for less time than has passed since
    const later = new Date(at.world.clock + a.uptimeMs() + 3_600_000);
    expect((await clean(at, later, true)).volumes?.get('data')?.steps.length).toBeGreaterThan(0);
    expect(dirtyMark(at.site.ledger.all, a.name)).not.toBeNull();
    const findings = await clean(at, later);
    expect(findings.error).toBeUndefined();
    expect(a.leftovers()).toEqual([]);
    expect(dirtyMark(at.site.ledger.all, a.name)).toBeNull();
    expect((await clean(at, later)).outcome).toBe('ok');
  });

  it('and has nothing of it is clean, and the journal says so', async () => {
    const at = await setting();
    const [a] = at.site.hosts;
    await at.run();
    await clean(at, new Date(at.world.clock + a.uptimeMs() + 3_600_000));
    const volumes = [{ volume: 'data', wwid: at.site.wwid }];
    await at.site.ledger.add({ kind: 'host-mark', host: a.name, mark: 'dirty', volumes, why: 'evacuated again' });
    const lines: NewLine[] = [];
    const journal = new TaskJournal(1, {
      write: (line) => void lines.push(line),
      synced: () => Promise.resolve(),
      failure: () => null,
      nextOp: () => 1,
      scrub: (_host, text) => text,
      wwidOf: () => at.site.wwid,
    });
    expect((await clean(at, new Date(at.world.clock), false, journal.host(a.name))).outcome).toBe('changed');
    expect(lines).toMatchObject([{ type: 'volume-ended', volume: 'data', outcome: 'ok', deviceInfo: null }]);
    expect(dirtyMark(at.site.ledger.all, a.name)).toBeNull();
  });

  it('with a mount of the volume is refused', async () => {
    const at = await setting();
    const [a] = at.site.hosts;
    a.mount('dm-0', '/data');
    await at.run();
    const findings = await clean(at, new Date(at.world.clock + a.uptimeMs() + 3_600_000));
    expect(findings).toMatchObject({ outcome: 'refused', error: { code: 'E_DEVICE_BUSY' } });
    expect(dirtyMark(at.site.ledger.all, a.name)).not.toBeNull();
  });
});
