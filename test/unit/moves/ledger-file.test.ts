import { appendFile, mkdtemp, readFile, rm, stat, truncate } from 'node:fs/promises';
import os from 'node:os';
import path from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { LedgerFile } from '../../../src/moves/ledger/ledger-file.js';
import { dirtyMark, nextNumber, ownerOf } from '../../../src/moves/ledger/ledger-view.js';

let directory: string;

beforeEach(async () => {
  directory = await mkdtemp(path.join(os.tmpdir(), 'longshore-ledger-'));
});
afterEach(() => rm(directory, { recursive: true, force: true }));

const owner = (host: string | null, number: number) =>
  ({ kind: 'owner', volume: 'data', wwid: '36001', host, number, how: 'attach' }) as const;

describe('the ledger', () => {
  it('is empty before it is written, then gives back what was added by any controller, for its owner alone', async () => {
    const one = new LedgerFile(path.join(directory, 'deep', 'state'), 'run 1');
    const two = new LedgerFile(path.join(directory, 'deep', 'state'), 'run 2');
    expect(await one.entries()).toEqual([]);
    await one.add(owner('a', 1));
    await two.add(owner('b', 2));
    const entries = await one.entries();
    expect(entries.map((entry) => entry.run)).toEqual(['run 1', 'run 2']);
    expect(ownerOf(entries, '36001')).toMatchObject({ host: 'b', number: 2 });
    expect(nextNumber(entries, '36001')).toBe(3);
    expect((await stat(one.filePath)).mode & 0o777).toBe(0o600);
  });

  it('takes an entry that a crash cut off at any byte for not written, and goes on behind it', async () => {
    const ledger = new LedgerFile(directory, 'run');
    await ledger.add(owner('a', 1));
    const { size: before } = await stat(ledger.filePath);
    await ledger.add(owner('b', 2));
    const { size: after } = await stat(ledger.filePath);
    const whole = await readFile(ledger.filePath, 'utf8');
    for (let at = before; at < after - 1; at += 1) {
      await truncate(ledger.filePath, 0);
      await appendFile(ledger.filePath, whole.slice(0, at));
      const isWhole = whole.slice(0, at).endsWith('}');
      expect(ownerOf(await ledger.entries(), '36001')?.host, `cut at ${at}`).toBe(isWhole ? 'b' : 'a');
      await ledger.add(owner('c', 3));
      expect(ownerOf(await ledger.entries(), '36001')?.host).toBe('c');
    }
  });

  it('that is damaged says where, and is not taken for empty', async () => {
    const ledger = new LedgerFile(directory, 'run');
    await ledger.add(owner('a', 1));
    await appendFile(ledger.filePath, '{"kind":"owner"}\n');
    await expect(ledger.entries()).rejects.toMatchObject({
      code: 'E_JOURNAL',
      message: expect.stringContaining('ledger.jsonl:3'),
    });
  });

  it('that cannot be written says so', async () => {
    await appendFile(path.join(directory, 'file'), '');
    const ledger = new LedgerFile(path.join(directory, 'file'), 'run');
    await expect(ledger.add(owner('a', 1))).rejects.toMatchObject({ code: 'E_JOURNAL' });
  });
});

describe('a dirty mark', () => {
  it('gathers all volumes since the host was last clean', async () => {
    let now = 0;
    const ledger = new LedgerFile(directory, 'run', () => new Date((now += 1000)));
    const mark = (which: 'dirty' | 'clean', ...names: string[]) =>
      ledger.add({
        kind: 'host-mark',
        host: 'a',
        mark: which,
        volumes: names.map((name) => ({ volume: name, wwid: name })),
        why: 'test',
      });
    await mark('dirty', 'old');
    await mark('clean', 'old');
    expect(dirtyMark(await ledger.entries(), 'a')).toBeNull();
    await mark('dirty', 'one');
    await mark('dirty', 'two', 'one');
    const found = dirtyMark(await ledger.entries(), 'a');
    expect(found?.volumes.map(({ volume }) => volume)).toEqual(['one', 'two']);
    expect([found?.since, found?.last]).toEqual(['1970-01-01T00:00:03.000Z', '1970-01-01T00:00:04.000Z']);
    expect(dirtyMark(await ledger.entries(), 'b')).toBeNull();
  });
});
