import { execFile } from 'node:child_process';
import { constants } from 'node:fs';
import { open, rm, writeFile } from 'node:fs/promises';
import { promisify } from 'node:util';
import type { Secret } from '../secrets/secret.js';

const run = promisify(execFile);

/**
 * What ssh starts when it asks: it gives the line that waits in a named pipe, once. When ssh asks again, the secret was wrong, and
 * ssh is ended: each further try would count towards the lock of an account. Nothing but passwords and passphrases is answered.
 */
const ANSWER = `#!/bin/sh
case $1 in
  *[Pp]assphrase*) what=passphrase ;;
  *[Pp]assword*) what=password ;;
  *) exit 1 ;;
esac
if [ -p "$0.$what" ]; then
  IFS= read -r line <"$0.$what"
  rm -f "$0.$what"
  printf '%s\\n' "$line"
else
  echo "Permission denied: the $what is not there, or was not accepted; it was tried once" >&2
  kill "$PPID"
fi
`;

/** A way for ssh to ask, without the secret in an argument, the environment or a file. */
export interface PasswordAnswer {
  readonly env: Readonly<Record<string, string>>;
  /** when the login is over, however it ended */
  dispose(): Promise<void>;
}

/** Named pipes beside the control socket; each holds its line in the kernel until ssh asks for it. */
export async function answerPasswords(
  base: string,
  secrets: { readonly password?: Secret; readonly passphrase?: Secret },
): Promise<PasswordAnswer> {
  const script = `${base}.ask`;
  const lines = Object.entries(secrets).filter(([, secret]) => secret !== undefined);
  const pipes = lines.map(([kind]) => `${script}.${kind}`);
  const files: Awaited<ReturnType<typeof open>>[] = [];
  const dispose = async (): Promise<void> => {
    await Promise.all(files.splice(0).map((file) => file.close()));
    await Promise.all([script, ...pipes].map((filePath) => rm(filePath, { force: true })));
  };
  try {
    await writeFile(script, ANSWER, { mode: 0o700, flag: 'wx' });
    await run('mkfifo', ['-m', '600', ...pipes]);
    for (const [index, [, secret]] of lines.entries()) {
      // for both ends: a pipe that has a reader takes the line without waiting for ssh
      const file = await open(pipes[index] ?? '', constants.O_RDWR | constants.O_NONBLOCK);
      files.push(file);
      await file.write(`${secret?.reveal() ?? ''}\n`);
    }
  } catch (error) {
    await dispose();
    throw error;
  }
  return { env: { SSH_ASKPASS: script, SSH_ASKPASS_REQUIRE: 'force' }, dispose };
}
