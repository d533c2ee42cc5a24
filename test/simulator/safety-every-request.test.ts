import { describe, expect, it } from 'vitest';
import { LongshoreError } from '../../src/errors/longshore-error.js';
import type { LaneReply, LaneRequest } from '../../src/transport/executor.js';
import { onlyLooks } from '../../src/transport/read-only-executor.js';
import { site, type Site } from './iscsi-site.js';
import { ended, type Meddler, meddled } from './meddle.js';

/** A request that failed on the host, in the way of its kind; null for one that cannot fail, or only finds nothing. */
function failure(request: LaneRequest): LaneReply | null {
  switch (request.kind) {
    case 'run':
      return onlyLooks(request) ? null : ended(1, { stderr: 'failed' });
    case 'write':
      return { kind: 'write', ok: false, error: `${String(request.filePath)}: Input/output error` };
    case 'wait':
      return { kind: 'wait', ok: false, matches: [], remaining: [...(request.absent ?? [])] };
    default:
      return null;
  }
}

/** Fails the `nth` request that can fail, once or whenever it comes again; says whether there was one. */
function failing(nth: number, isForever = false): { readonly meddler: Meddler; readonly hasFailed: () => boolean } {
  let count = 0;
  let failed = '';
  return {
    hasFailed: () => count > nth,
    meddler: (request) => {
      const reply = failure(request);
      if (reply === null) return undefined;
      count += 1;
      const shown = JSON.stringify(request);
      if (count === nth + 1) failed = shown;
      return count === nth + 1 || (isForever && failed === shown) ? reply : undefined;
    },
  };
}

/** Plays `play` for each request, on a host of its own, all at once. Gives the number of requests that can fail. */
async function atEach(play: (nth: number) => Promise<boolean>): Promise<number> {
  for (let from = 0; ; from += 20) {
    const played = await Promise.all(Array.from({ length: 20 }, (_, index) => play(from + index)));
    const end = played.indexOf(false);
    if (end !== -1) return from + end;
  }
}

async function attached(): Promise<Site> {
  const place = site();
  await place.use((connector) => connector.attach(place.volume()));
  place.host.writeData('/dev/dm-0', 'not synced yet');
  return place;
}

describe('whatever single request fails', () => {
  it.each([false, true])('a detach that says it is done is done, and no data is lost (force: %s)', async (force) => {
    const points = await atEach(async (nth) => {
      const { use, volume, host, fleet, initiator } = await attached();
      const { meddler, hasFailed } = failing(nth);
      const result = await use((connector) => connector.detach(volume(), null, { force }), meddled(meddler));
      const isDone = result.error === undefined;
      const data = fleet.array.unitAt(fleet.targetName, initiator, 1)?.data;
      if (isDone) expect([nth, host.leftovers(), data]).toEqual([nth, [], ['not synced yet']]);
      if (!force) expect([nth, host.blocks.lostData]).toEqual([nth, []]);
      // what it could not do the first time, it does the second; data that was lost has to be given up by name
      const isGivenUp = result.error instanceof LongshoreError && result.error.code === 'E_FLUSH_FAILED';
      const again = await use((connector) => connector.detach(volume(), null, { force: isGivenUp }));
      expect([nth, again.error?.message, host.leftovers()]).toEqual([nth, undefined, []]);
      return hasFailed();
    });
    expect(points).toBeGreaterThan(10);
  });

  it.each([false, true])(
    'an attach is proven, or undone to the last thing (again and again: %s)',
    async (isForever) => {
      let undone = 0;
      const points = await atEach(async (nth) => {
        const { use, volume, host } = site();
        const { meddler, hasFailed } = failing(nth, isForever);
        // nothing less than both paths in a map will do
        const spec = volume({}, { minPaths: 2, enforceMultipath: true });
        const result = await use((connector) => connector.attach(spec), meddled(meddler));
        if (result.error === undefined) {
          expect([nth, result.paths.map(({ identity }) => identity)]).toEqual([nth, ['live', 'live']]);
          expect(result.deviceInfo?.scsi_wwn).toBe(volume().wwid);
        } else {
          undone += 1;
          expect([nth, host.leftovers()]).toEqual([nth, []]);
        }
        return hasFailed();
      });
      expect(points).toBeGreaterThan(8);
      if (isForever) expect(undone).toBeGreaterThan(0);
    },
  );
});
