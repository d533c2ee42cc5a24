import { readFileSync, statSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { deadlineIn } from '../../../src/time/deadline.js';
import { traceFilePath, tracedHost } from '../../../src/transport/recording/trace-file.js';
import { scratchDirectory } from '../../cli/scratch.js';
import { fakeExecutor, ran } from '../fleet/fake-executor.js';

const deadline = deadlineIn(10_000);
const ask = [{ kind: 'run', argv: ['uname', '-r'] }] as const;
const never = () => Promise.reject(new Error('connected in a replay'));

async function record(filePath: string, mode: 'record' | 'update', stdout: string): Promise<void> {
  const host = tracedHost('web01', filePath, mode);
  const executor = await host.connect(() => Promise.resolve(fakeExecutor('web01', () => ran(stdout))));
  await executor.sequence(deadline, ask);
  await executor.close();
  host.finish();
}

async function replayed(filePath: string): Promise<unknown> {
  const host = tracedHost('web01', filePath, 'replay');
  const executor = await host.connect(never);
  const replies = await executor.sequence(deadline, ask);
  host.finish();
  return replies;
}

describe('recordings in files', () => {
  it('are recorded for their owner alone, replayed, never overwritten, and updated when asked to', async () => {
    await using scratch = await scratchDirectory();
    const filePath = traceFilePath(join(scratch.directoryPath, 'new', 'folder'), 'web01');
    await record(filePath, 'record', '6.1\n');
    expect(statSync(filePath).mode & 0o777).toBe(0o600);
    expect(statSync(join(scratch.directoryPath, 'new', 'folder')).mode & 0o777).toBe(0o700);
    expect(await replayed(filePath)).toEqual([ran('6.1\n')]);

    const before = readFileSync(filePath, 'utf8');
    await expect(record(filePath, 'record', '6.2\n')).rejects.toMatchObject({ code: 'E_USAGE' });
    expect(readFileSync(filePath, 'utf8')).toBe(before);

    await record(filePath, 'update', '6.2\n');
    expect(await replayed(filePath)).toEqual([ran('6.2\n')]);
    expect(statSync(filePath).mode & 0o777).toBe(0o600);
  });

  it('hold every answer from the moment it is given', async () => {
    await using scratch = await scratchDirectory();
    const filePath = traceFilePath(scratch.directoryPath, 'web01');
    const host = tracedHost('web01', filePath, 'record');
    const executor = await host.connect(() => Promise.resolve(fakeExecutor('web01', () => ran('6.1\n'))));
    await executor.sequence(deadline, ask);
    // as after a crash: nothing was closed, and the next line had begun
    writeFileSync(filePath, `${readFileSync(filePath, 'utf8')}{"sequence":2,`);
    expect(await replayed(filePath)).toEqual([ran('6.1\n')]);
    host.finish();
  });

  it('stay in their directory whatever the host is called', () => {
    expect(traceFilePath('rec', '../../etc/x')).toBe('rec/..%2F..%2Fetc%2Fx.jsonl');
    expect(traceFilePath('rec', 'fe80::1')).toBe('rec/fe80%3A%3A1.jsonl');
  });

  it('that are not there are told of', () => {
    expect(() => tracedHost('web01', '/nowhere/web01.jsonl', 'replay')).toThrow('cannot be opened (ENOENT)');
  });
});
