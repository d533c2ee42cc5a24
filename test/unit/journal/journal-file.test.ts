import { mkdtempSync, readFileSync, rmSync, statSync } from 'node:fs';
import { open } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { JournalFile } from '../../../src/journal/journal-file.js';

let directory: string;
beforeEach(() => {
  directory = mkdtempSync(path.join(tmpdir(), 'longshore-journal-'));
});
afterEach(() => {
  rmSync(directory, { recursive: true, force: true });
});

describe('a journal file', () => {
  it('is for its owner alone, in a directory for its owner alone', async () => {
    const filePath = path.join(directory, 'state', 'runs', 'r1.jsonl');
    const file = await JournalFile.create(filePath);
    file.append('{}');
    await file.close();
    expect(statSync(filePath).mode & 0o777).toBe(0o600);
    expect(statSync(path.dirname(filePath)).mode & 0o777).toBe(0o700);
    expect(readFileSync(filePath, 'utf8')).toBe('{}\n');
  });

  it('takes the lines of a thousand hosts in one turn in one write to the disk', async () => {
    const file = await JournalFile.create(path.join(directory, 'r1.jsonl'));
    const hosts = Array.from({ length: 1000 }, async (_, index) => {
      file.append(`${index}`);
      await file.synced();
    });
    await Promise.all(hosts);
    expect(file.cost).toMatchObject({ lines: 1000, syncs: 1 });
    await file.close();
    expect(readFileSync(file.filePath, 'utf8').split('\n')).toHaveLength(1001);
  });

  it('says that a line is there only when it is, also while the disk is busy with earlier ones', async () => {
    const file = await JournalFile.create(path.join(directory, 'r1.jsonl'));
    file.append('first');
    const first = file.synced();
    // the first is on its way to the disk by now
    await new Promise(setImmediate);
    file.append('second');
    const second = file.synced().then(() => readFileSync(file.filePath, 'utf8'));
    await first;
    expect(await second).toBe('first\nsecond\n');
    await file.close();
  });

  it('never overwrites the journal of another run', async () => {
    const filePath = path.join(directory, 'r1.jsonl');
    await (await JournalFile.create(filePath)).close();
    await expect(JournalFile.create(filePath)).rejects.toMatchObject({ code: 'E_JOURNAL' });
  });

  it('fails for good when the disk is full, for all who wait and all who come', async () => {
    const full = new JournalFile(await open('/dev/full', 'a'), '/dev/full');
    full.append('a');
    const waiting = full.synced();
    await expect(waiting).rejects.toMatchObject({ code: 'E_JOURNAL' });
    full.append('b');
    await expect(full.synced()).rejects.toThrow(/ENOSPC/);
    await expect(full.close()).rejects.toMatchObject({ code: 'E_JOURNAL' });
    expect(full.cost).toEqual({ lines: 0, bytes: 0, syncs: 0 });
  });

  it('says where it cannot be made', async () => {
    const file = path.join(directory, 'file');
    await (await open(file, 'w')).close();
    await expect(JournalFile.create(path.join(file, 'runs', 'r1.jsonl'))).rejects.toMatchObject({
      code: 'E_JOURNAL',
      details: { remedy: expect.stringContaining('--state-dir') as string },
    });
  });
});
