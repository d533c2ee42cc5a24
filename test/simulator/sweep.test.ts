import { describe, expect, it } from 'vitest';
import { LongshoreError } from '../../src/errors/longshore-error.js';
import { RECORD_MARKS } from '../../src/linux/node-records.js';
import { DirectExecutor } from '../../src/simulator/direct-executor.js';
import { QUARANTINE_DIRECTORY } from '../../src/sweep/removal-steps.js';
import type { LaneRequest } from '../../src/transport/executor.js';
import { dmDev } from '../../src/simulator/model/device-mapper.js';
import { ended, justBefore, meddled, runs } from './meddle.js';
import { LUKS, plantLeftovers, plantLookAlikes, RECORDS } from './sweep-leftovers.js';
import { candidatesOf, eventually, OTHER_TARGET, planOf, sweepSite, verdicts } from './sweep-site.js';

describe('a sweep', () => {
  it('finds leftovers of each kind, and nothing that looks like them but is of others', async () => {
    const site = sweepSite();
    const planted = await plantLeftovers(site);
    await plantLookAlikes(site);
    const audit = await site.audit();
    expect(candidatesOf(audit)).toEqual(planted);
  });

  it('removes what was approved from the top of the stack down, proves it, and leaves the rest', async () => {
    const site = sweepSite();
    const planted = await plantLeftovers(site);
    await plantLookAlikes(site);
    const others = (audit: Awaited<ReturnType<typeof site.audit>>): readonly string[] =>
      verdicts(audit, site.host()).filter((line) => !planted.some((key) => line.endsWith(` ${key}`)));
    const before = await site.audit();
    const sweep = await site.apply(before, planOf(before).objects);
    expect(sweep.error).toBeUndefined();
    expect(sweep.results.map(({ object, state, error }) => [object.key, state, error?.message])).toEqual(
      planted.map((key) => [key, 'removed', undefined]),
    );
    const after = await site.audit();
    expect(candidatesOf(after)).toEqual([
      // the record of the session that went: what is nobody's next is seen at the next look
      `record:${RECORDS}/${OTHER_TARGET}/10.1.0.1,3260`,
    ]);
    // the record that was put back is like any other now; what stood on dead devices has been seen in use by nobody else
    expect(others(after).filter((line) => !line.includes(`${OTHER_TARGET}/`))).toEqual(
      others(before).filter((line) => !line.includes(`${OTHER_TARGET}/`)),
    );
    const quarantined = [...site.host().placed.entries].filter(([filePath]) =>
      filePath.startsWith(`${QUARANTINE_DIRECTORY}/`),
    );
    expect(quarantined.map(([, { kind }]) => kind)).toEqual(['file']);
    expect(site.host().blocks.lostData).toEqual([]);
  });

  it('leaves what is declared for the host alone, in whatever state it is', async () => {
    const site = sweepSite();
    await plantLeftovers(site);
    const audit = await site.audit([site.volume(1), site.volume(2), site.volume(3)]);
    const lines = verdicts(audit, site.host());
    expect(lines).toContain(`owned map:${site.volume(1).wwid}`);
    expect(lines).toContain(`owned mapping:${LUKS('dead').uuid}`);
    expect(lines.filter((line) => line.startsWith('candidate device:'))).toEqual([]);
  });

  it("touches nothing of a volume that the array gives back at the very moment, nor a record that is another's by then", async () => {
    const site = sweepSite();
    const planted = await plantLeftovers(site);
    const here = site.host();
    const before = await site.audit();
    const { initiatorName } = here.environment;
    const { wwid = '', sizeBytes = 0 } = site.volume(1);
    const happens = (): void => {
      site.fleet.array.map(site.fleet.targetName, initiatorName, 1, site.fleet.array.createVolume({ wwid, sizeBytes }));
      // somebody has taken the records for his own
      for (const entry of here.nodes.entries) entry.appended.length = 0;
    };
    // the first of the guards, behind the look on which the removals were planned
    const isGuard = (request: LaneRequest): boolean =>
      request.kind === 'wait' && (request.contents ?? []).some(({ filePath }) => filePath.endsWith('/dm/uuid'));
    const executor = justBefore(isGuard, happens)(new DirectExecutor(here));
    const { results } = await site.apply(before, planOf(before).objects, executor);
    await executor.close();
    const changed = results.filter(({ state }) => state === 'changed');
    const records = planted.filter((key) => /^record:.*other1\//.test(key));
    expect(changed.map(({ object }) => object.key)).toEqual([
      ...planted.filter((key) => key === `mapping:${LUKS('dead').uuid}` || key.includes(wwid)),
      ...records,
    ]);
    expect(new Set(changed.map(({ error }) => (error as LongshoreError).code))).toEqual(new Set(['E_PLAN_CHANGED']));
    expect(here.scsi.units.filter(({ lun }) => lun === 1)).toHaveLength(2);
    expect(here.nodes.find({ targetName: `${OTHER_TARGET}1` })).toHaveLength(1);
  });

  it('takes a dead map that something reads at the very moment: what waits for a path is told to fail', async () => {
    const site = sweepSite();
    const here = site.host();
    await site.attach(1);
    const map = here.deviceMapper.multipathMap(site.volume(1).wwid ?? '');
    if (map?.table.kind !== 'multipath') throw new Error('no map');
    const { paths } = map.table;
    site.fleet.array.unmap(site.fleet.targetName, here.environment.initiatorName, 1);
    await eventually(() => paths.every(({ active }) => !active));
    const before = await site.audit();
    // as udev looks into a device of which there is news
    const look = async (): Promise<void> => {
      await here.blocks.settledIo(dmDev(map), here.power);
      map.openers -= 1;
    };
    const executor = justBefore(runs('multipath', '-f'), () => {
      map.openers += 1;
      void look();
    })(new DirectExecutor(here));
    const approved = planOf(before).objects.filter(({ key }) => key.startsWith('map:'));
    const { results } = await site.apply(before, approved, executor);
    await executor.close();
    expect(results.map(({ state, error }) => [state, error?.message])).toEqual([['removed', undefined]]);
    expect(here.deviceMapper.mappings).toEqual([]);
  });

  it('does not take a record for removed that cannot be read any more, when the connection is lost before it can look again', async () => {
    const site = sweepSite();
    const here = site.host();
    const entry = here.nodes.create({ targetName: OTHER_TARGET, address: '10.1.0.1', port: 3260, iface: 'default' });
    here.nodes.append(entry, `${RECORD_MARKS.made}\n`);
    const before = await site.audit();
    const { objects } = planOf(before);
    let looks = 0;
    let isSick = false;
    const wrap = meddled((request) => {
      const file = `${RECORDS}/${OTHER_TARGET}/10.1.0.1,3260`;
      const sick = ended(2, { stderr: `grep: ${file}: Input/output error\n` });
      if (runs('iscsiadm', '-m', 'node')(request)) {
        isSick = true;
        return ended(0);
      }
      if (!isSick) return undefined;
      const isLook = runs('grep', '-H', '-d', 'skip')(request);
      if (isLook) looks += 1;
      if (looks > 1) throw new LongshoreError('E_OUTCOME_UNKNOWN', 'the connection was lost');
      return isLook || runs('grep', '-q', '-E')(request) ? sick : undefined;
    });
    const { results, error } = await site.apply(before, objects, wrap(new DirectExecutor(here)));
    expect(results.map(({ object, state }) => [object.removal.kind, state])).toEqual([['record', 'unknown']]);
    expect(error?.message).toContain('the connection was lost');
    expect(here.nodes.entries).toHaveLength(1);
  });
});
