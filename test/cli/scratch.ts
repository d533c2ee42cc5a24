import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

/** A directory of the test's own, removed when the test ends: `await using scratch = await scratchDirectory()`. */
export async function scratchDirectory(): Promise<{ readonly directoryPath: string } & AsyncDisposable> {
  const directoryPath = await mkdtemp(join(tmpdir(), 'longshore-test-'));
  return {
    directoryPath,
    [Symbol.asyncDispose]: () => rm(directoryPath, { recursive: true, force: true }),
  };
}
