import { describe, expect, it } from 'vitest';
import type { VolumeSpec } from '../../../src/connectors/connector.js';
import { chooseEvacuees } from '../../../src/moves/evacuate/choose-evacuees.js';
import type { NewLedgerEntry } from '../../../src/moves/ledger/ledger-entry.js';
import { MemoryLedger } from './memory-ledger.js';

const A = '36001405000000000000000000000000a';
const B = '36001405000000000000000000000000b';

/** Hosts with volumes, each written NAME=WWID. */
const host = (name: string, ...volumes: readonly string[]) => ({
  name,
  volumes: new Map(
    volumes.map((text): [string, VolumeSpec] => {
      const [volume = '', wwid = ''] = text.split('=');
      return [volume, { name: volume, driverVolumeType: 'iscsi', data: {}, wwid }];
    }),
  ),
});

const ownedBy = (name: string, wwid: string, number: number, how: 'attach' | 'evacuate'): NewLedgerEntry => ({
  kind: 'owner',
  volume: 'x',
  wwid,
  host: name,
  number,
  how,
});

async function choose(
  from: ReturnType<typeof host>,
  to: readonly ReturnType<typeof host>[],
  ...entries: readonly NewLedgerEntry[]
) {
  const ledger = new MemoryLedger();
  await ledger.add(...entries);
  const choice = chooseEvacuees({ from, to, entries: ledger.all, wanted: [], unrecorded: false });
  return {
    to: choice.evacuees.map(({ volume, to: destination }) => `${volume} ${destination}`),
    settled: [...choice.settled],
    stopped: [...choice.stopped].map(([volume, { message }]) => `${volume}: ${message}`),
  };
}

describe('volumes that leave a dead host', () => {
  const source = host('db01', `a=${A}`, `b=${B}`);
  const both = [ownedBy('db01', A, 1, 'attach'), ownedBy('db01', B, 1, 'attach')];

  it('go each to the destination that has the fewest', async () => {
    const to = [host('db02', `a=${A}`, `b=${B}`), host('db03', `a=${A}`, `b=${B}`)];
    expect(await choose(source, to, ...both)).toEqual({ to: ['a db02', 'b db03'], settled: [], stopped: [] });
  });

  it('are each given away once, whatever names they have', async () => {
    const twice = host('db01', `a=${A}`, `again=${A}`);
    const to = [host('db02', `a=${A}`), host('db03', `again=${A}`)];
    const choice = await choose(twice, to, ownedBy('db01', A, 1, 'attach'));
    expect(choice.to).toEqual(['a db02']);
    expect(choice.stopped).toEqual([`again: again is the same volume as a (${A})`]);
  });

  it('are settled once an evacuation has taken them, and the others go on', async () => {
    const taken = [{ volume: 'a', wwid: A }];
    const marked: NewLedgerEntry = { kind: 'host-mark', host: 'db01', mark: 'dirty', volumes: taken, why: 'evacuated' };
    const to = [host('db02', `a=${A}`, `b=${B}`)];
    const begun = await choose(source, to, ...both, marked, ownedBy('db02', A, 2, 'evacuate'));
    expect(begun).toEqual({ to: ['b db02'], settled: [['a', 'db02']], stopped: [] });
    // marked, and not given away yet
    expect((await choose(source, to, ...both, marked)).to).toEqual(['a db02', 'b db02']);
    // elsewhere without an evacuation: the inventory is wrong about it
    const moved = await choose(source, to, ...both, ownedBy('db02', A, 2, 'attach'));
    expect(moved).toMatchObject({ to: ['b db02'], settled: [], stopped: [expect.stringContaining('a is at db02')] });
  });
});
