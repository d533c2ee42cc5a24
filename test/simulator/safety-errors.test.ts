import { describe, expect, it } from 'vitest';
import type { LongshoreError } from '../../src/errors/longshore-error.js';
import { codeOf, site } from './iscsi-site.js';
import { ended, meddled, runs } from './meddle.js';

describe('what went wrong', () => {
  it('is not hidden by what went wrong while it was undone', async () => {
    const { use, volume, host } = site();
    const stuck = meddled((request) => (runs('iscsiadm', '-m', 'session')(request) ? ended(11) : undefined));
    const other = volume({}, { wwid: '36001405aaaaaaaaaaaaaaaaaaaaaaaaa' });
    const result = await use((connector) => connector.attach(other), stuck);
    expect(codeOf(result.error)).toBe('E_IDENTITY_MISMATCH');
    expect(result.warnings.join()).toMatch(
      /may be left on the host \(session 1 .* cannot be logged out.*\): session 1/,
    );
    expect(host.scsi.units).toEqual([]);
  });

  it.each(['dmsetup', 'awk', 'grep'])(
    'in the words of a tool that nobody understands (%s) stops a detach, with those words',
    async (tool) => {
      const { use, volume, host } = site();
      await use((connector) => connector.attach(volume()));
      const [before, since] = [host.leftovers(), host.commands.length];
      const garbage = meddled((request) => {
        return request.kind === 'run' && request.argv[0] === tool
          ? ended(0, { stdout: 'Segmentation fault?!\n' })
          : undefined;
      });
      const result = await use((connector) => connector.detach(volume(), null), garbage);
      expect([codeOf(result.error), result.outcome]).toEqual(['E_STUCK', 'unknown']);
      expect(result.error?.message).toContain('Segmentation fault?!');
      expect(host.leftovers()).toEqual(before);
      expect(host.commands.slice(since).flat().join(' ')).not.toMatch(/sync|--logout|multipath -f/);
    },
  );

  it('is told without the secret that a tool has put into its words', async () => {
    const { use, volume } = site();
    const secret = String(volume().data['auth_password']);
    const chatty = meddled((request) => {
      const says = `cannot parse "node.session.auth.password = ${secret}"\nnode.session.auth.password_in = of-another\n`;
      return runs('iscsiadm', '-m', 'node')(request) ? ended(7, { stderr: says }) : undefined;
    });
    const result = await use((connector) => connector.attach(volume()), chatty);
    const told = JSON.stringify([result.error?.message, (result.error as LongshoreError).details, result.warnings]);
    expect(told).toContain('[redacted]');
    expect(told).not.toContain(secret);
    expect(told).not.toContain('of-another');
  });

  it('at a portal that offers nothing is asked once', async () => {
    const { use, discovered, host, fleet } = site();
    const empty = meddled((request) => (runs('iscsiadm', '-m', 'discovery')(request) ? ended(21) : undefined));
    let asked = 0;
    const counting = meddled((request) => {
      if (runs('iscsiadm', '-m', 'discovery')(request)) asked += 1;
      return undefined;
    });
    const attaching = use(
      (connector) => connector.attach(discovered()),
      (executor) => counting(empty(executor)),
    );
    await expect(attaching).rejects.toMatchObject({ code: 'E_DEVICE_NOT_FOUND' });
    expect([asked, host.commands, fleet.leftovers()]).toEqual([1, [], []]);
  });

  it('with lists of different length is said before anything is asked of the host: no path is dropped in silence', async () => {
    const { use, volume, host } = site();
    await expect(use((connector) => connector.attach(volume({ target_luns: [1] })))).rejects.toMatchObject({
      code: 'E_VOLUME',
      message: expect.stringContaining('must have the same length') as string,
    });
    expect(host.commands).toEqual([]);
  });

  it('with one identity behind two targets shows in a status too', async () => {
    const { use, volume, fleet, initiator } = site();
    const target = 'iqn.2010-10.org.longshore.sim:another';
    fleet.array.addTarget(target, fleet.portals);
    fleet.array.allow(target, initiator, null);
    fleet.array.map(target, initiator, 7, fleet.array.createVolume({ wwid: volume().wwid ?? '', sizeBytes: 2 ** 30 }));
    const foreign = { target_iqns: fleet.portals.map(() => target), target_luns: [7, 7], auth_method: undefined };
    await use((connector) => connector.attach(volume(foreign)));
    const status = await use((connector) => connector.status([volume()]));
    expect(status.get('data')?.warnings.join()).toContain(target);
  });
});
