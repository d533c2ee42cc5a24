import { describe, expect, it } from 'vitest';
import { openMoveOf, ownerOf } from '../../src/moves/ledger/ledger-view.js';
import { onlyLooks } from '../../src/transport/read-only-executor.js';
import { atEach, Controller, movesSite, type MovesSite, ownersIn } from './moves-site.js';

describe('migrate', () => {
  it('moves a volume with its data, and leaves nothing at the source', async () => {
    const site = movesSite();
    const [a, b] = site.hosts;
    const device = await site.attach(a);
    a.writeData(device.replace('/dev/', ''), 'before the move');
    const report = await site.migrate(new Controller());
    expect(report.error).toBeUndefined();
    expect(report).toMatchObject({ ending: 'moved', owner: { host: b.name, number: 2 } });
    expect(report.story.join('\n')).toContain('ready for unmap');
    expect(site.unit.data).toEqual(['before the move']);
    expect(a.leftovers()).toEqual([]);
    expect(site.hasVolume(b)).toBe(true);
    expect(ownersIn(site.ledger.all)).toEqual([`${a.name} 1 seen`, `${b.name} 2 migrate`]);
    // the same again finds nothing to do
    const again = await site.migrate(new Controller());
    expect(again.ending).toBe('nothing-to-do');
  });

  it('does the array step between the two hosts, when neither has it', async () => {
    const site = movesSite();
    const [a, b] = site.hosts;
    await site.attach(a);
    const seen: string[] = [];
    const report = await site.migrate(new Controller(), {
      arrayStep: {
        what: 'hand over',
        handOver: () => {
          seen.push(`handed over while a ${site.hasVolume(a)} b ${site.hasVolume(b)}`);
          return Promise.resolve();
        },
        giveBack: () => Promise.reject(new Error('must not be')),
      },
    });
    expect(report.ending).toBe('moved');
    expect(seen).toEqual(['handed over while a false b false']);
  });

  it('refuses a mounted volume, and nothing is begun', async () => {
    const site = movesSite();
    const [a, b] = site.hosts;
    const device = await site.attach(a);
    a.mount(device.replace('/dev/', ''), '/data');
    const report = await site.migrate(new Controller());
    expect(report).toMatchObject({ ending: 'refused', error: { code: 'E_DEVICE_BUSY' } });
    expect(report.error?.message).toContain('/data');
    expect(site.hasVolume(b)).toBe(false);
    expect(site.ledger.all).toEqual([]);
  });

  it('refuses a stale device of another volume at the LUN of the destination (A1)', async () => {
    const site = movesSite();
    const [a, b] = site.hosts;
    await site.attach(a);
    const { array, targetName } = site.fleet;
    const other = array.createVolume({ wwid: '360014050000000000000000000000bad', sizeBytes: 2 ** 30 });
    array.map(targetName, b.environment.initiatorName, 5, other);
    const { wwid: _, ...unchecked } = site.spec(b);
    await site.attach(b, unchecked);
    array.map(targetName, b.environment.initiatorName, 5, site.unit);
    const report = await site.migrate(new Controller());
    expect(report).toMatchObject({ ending: 'refused', error: { code: 'E_IDENTITY_MISMATCH' } });
    expect(site.hasVolume(a)).toBe(true);
    expect(site.ledger.all).toEqual([]);
  });

  it('turns back when the destination cannot attach, and the source has it again', async () => {
    const site = movesSite();
    const [a, b] = site.hosts;
    await site.attach(a);
    const chap = { username: b.name, password: 'another-secret-1' };
    site.fleet.array.allow(site.fleet.targetName, b.environment.initiatorName, chap);
    const report = await site.migrate(new Controller());
    expect(report).toMatchObject({ ending: 'returned', error: { code: 'E_MOVE_RETURNED' } });
    expect(report.error?.message).toContain('is at quay01 again');
    expect(site.hasVolume(a)).toBe(true);
    expect(b.leftovers()).toEqual([]);
    expect(ownersIn(site.ledger.all)).toEqual([`${a.name} 1 seen`, `${a.name} 3 returned`]);
    expect(openMoveOf(site.ledger.all, site.wwid)).toBeNull();
  });

  it('does not connect the destination when the source has the volume again at the last moment (C11)', async () => {
    const site = movesSite();
    const [a, b] = site.hosts;
    await site.attach(a);
    const controller = new Controller();
    let isBack = false;
    // at each change of b: whether a has the volume. What is thrown in here would only be a failed request
    const atChanges: boolean[] = [];
    controller.onRequest = async (host, requests) => {
      if (host !== b.name) return;
      const isChange = requests.some((request) => request.kind !== 'lock' && !onlyLooks(request));
      if (isChange) atChanges.push(site.hasVolume(a));
      const isArriving = site.ledger.all.some((entry) => entry.kind === 'move' && entry.phase === 'arriving');
      if (!isArriving || isBack) return;
      // b is looked at right before its attach: somebody attaches at a by hand
      isBack = true;
      await site.attach(a);
    };
    const report = await site.migrate(controller);
    expect(report.ending).toBe('moved');
    expect(new Set(atChanges)).toEqual(new Set([false]));
    expect(report.story.filter((line) => line === `${a.name} detached`)).toHaveLength(2);
  });
});

describe('migrate of a volume that a third host declares, too', () => {
  const third = (site: MovesSite, controller: Controller) => {
    const [, , c] = site.hosts;
    return [{ host: c.name, spec: site.spec(c), reached: site.context(controller, c) }];
  };

  it('is refused while that host has it, and nothing is begun (S40)', async () => {
    const site = movesSite();
    const [a, b, c] = site.hosts;
    await site.attach(a);
    await site.attach(c);
    const controller = new Controller();
    const report = await site.migrate(controller, { others: third(site, controller) });
    expect(report).toMatchObject({ ending: 'refused', error: { code: 'E_TWO_HOSTS' } });
    expect(report.error?.message).toContain(`${c.name} has it as /dev/dm-`);
    expect([site.hasVolume(a), site.hasVolume(b)]).toEqual([true, false]);
    expect(site.ledger.all).toEqual([]);
  });

  it('gives it to nobody when that host has got it meanwhile', async () => {
    const site = movesSite();
    const [a, b, c] = site.hosts;
    await site.attach(a);
    const controller = new Controller();
    const report = await site.migrate(controller, {
      others: third(site, controller),
      arrayStep: {
        what: 'somebody attaches it',
        handOver: async () => void (await site.attach(c)),
        giveBack: () => Promise.resolve(),
      },
    });
    expect(report).toMatchObject({ ending: 'stopped', error: { code: 'E_TWO_HOSTS' } });
    expect([site.hasVolume(a), site.hasVolume(b), site.hasVolume(c)]).toEqual([false, false, true]);
  });

  it('goes on when that host does not answer, and says so: one host has it before the move and one after it', async () => {
    const site = movesSite();
    const [a, b, c] = site.hosts;
    await site.attach(a);
    const controller = new Controller();
    controller.silent.add(c.name);
    const report = await site.migrate(controller, { others: third(site, controller) });
    expect(report.ending).toBe('moved');
    expect(report.results.from?.warnings.join()).toContain(`${c.name} may have it and does not answer`);
    expect([site.hasVolume(a), site.hasVolume(b)]).toEqual([false, true]);
  });
});

describe('migrate after a crash of the controller', () => {
  it('at any request ends at the destination when it is run again; the volume never is on two hosts, and its owner never unknown', async () => {
    const good = movesSite();
    await good.attach(good.hosts[0]);
    const counting = new Controller();
    expect((await good.migrate(counting)).ending).toBe('moved');
    const { requests } = counting;
    expect(requests).toBeGreaterThan(10);
    await atEach(requests * 2, async (index) => {
      const request = Math.ceil(index / 2);
      const hasRun = index % 2 === 0;
      const site = movesSite();
      const [a, b] = site.hosts;
      await site.attach(a);
      const dying = new Controller();
      dying.diesAt = { request, hasRun };
      await site.migrate(dying);
      const where = `request ${request}, ${hasRun ? 'run' : 'not run'}`;
      expect(site.hasVolume(a) && site.hasVolume(b), where).toBe(false);
      const second = await site.migrate(new Controller());
      expect(second.error, where).toBeUndefined();
      expect(second.ending, where).toBeOneOf(['moved', 'nothing-to-do']);
      expect(a.leftovers(), where).toEqual([]);
      expect(site.hasVolume(b), where).toBe(true);
      expect(ownerOf(site.ledger.all, site.wwid), where).toMatchObject({ host: b.name });
      expect(openMoveOf(site.ledger.all, site.wwid), where).toBeNull();
    });
  });
});

describe('migrate when a host stops answering midway', () => {
  it.each([0, 1] as const)(
    '(host %i) at any request is frozen or ended, and goes on when it is back',
    async (index) => {
      const good = movesSite();
      await good.attach(good.hosts[0]);
      const counting = new Controller();
      await good.migrate(counting);
      for (let request = 1; request <= counting.requests; request += 1) {
        const site = movesSite();
        const [a, b] = site.hosts;
        await site.attach(a);
        const controller = new Controller();
        controller.onRequest = () => {
          if (controller.requests === request) controller.silent.add(site.hosts[index].name);
        };
        const report = await site.migrate(controller);
        const where = `request ${request}: ${report.ending} ${report.error?.message ?? ''}`;
        expect(site.hasVolume(a) && site.hasVolume(b), where).toBe(false);
        expect(report.ending, where).not.toBe('returned');
        if (report.ending !== 'moved') expect(report.error?.details.remedy, where).toBeTruthy();
        const second = await site.migrate(new Controller());
        expect(second.ending, `${where}; then ${second.error?.message ?? ''}`).toBeOneOf([
          'moved',
          'nothing-to-do',
          'returned',
        ]);
        expect([site.hasVolume(a), site.hasVolume(b)].filter(Boolean), where).toHaveLength(1);
        const owner = site.hasVolume(a) ? a.name : b.name;
        expect(ownerOf(site.ledger.all, site.wwid)?.host, where).toBe(owner);
      }
    },
  );
});
