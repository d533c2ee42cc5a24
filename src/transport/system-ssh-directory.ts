import { lstat, mkdir, readdir, rm } from 'node:fs/promises';
import { tmpdir, userInfo } from 'node:os';
import path from 'node:path';
import { LongshoreError } from '../errors/longshore-error.js';

/** What fits into a socket's address (108 bytes), less the name and the 17 bytes that ssh puts behind it while it makes the socket. */
const LONGEST = 64;

/**
 * The directory for control sockets, for this user alone, made when it is missing. `runtime` is XDG_RUNTIME_DIR where there is one. What
 * controllers left behind that were killed together with their ssh is removed: a name begins with the controller's process id.
 */
export async function systemSshDirectory(runtime?: string): Promise<string> {
  const { uid } = userInfo();
  const wanted =
    runtime === undefined || runtime === ''
      ? path.join(tmpdir(), `longshore-ssh-${uid}`)
      : path.join(runtime, 'longshore-ssh');
  const directory = wanted.length > LONGEST ? `/tmp/longshore-ssh-${uid}` : wanted;
  await mkdir(directory, { mode: 0o700 }).catch((error: NodeJS.ErrnoException) => {
    if (error.code !== 'EEXIST') throw refused(directory, error.code ?? error.message);
  });
  const found = await lstat(directory);
  if (!found.isDirectory() || found.uid !== uid || (found.mode & 0o077) !== 0) {
    throw refused(directory, 'it is there already, and not a directory of this user alone');
  }
  const left = (await readdir(directory)).filter((name) => isLeftBehind(Number.parseInt(name, 10)));
  await Promise.all(left.map((name) => rm(path.join(directory, name), { force: true })));
  return directory;
}

function isLeftBehind(pid: number): boolean {
  if (!Number.isInteger(pid)) return false;
  try {
    process.kill(pid, 0);
    return false;
  } catch (error) {
    return error instanceof Error && 'code' in error && error.code === 'ESRCH';
  }
}

function refused(directory: string, why: string): LongshoreError {
  return new LongshoreError('E_UNREACHABLE', `cannot use ${directory} for the sockets of ssh: ${why}`, {
    remedy: 'remove it, or set XDG_RUNTIME_DIR to a directory of your own',
  });
}
