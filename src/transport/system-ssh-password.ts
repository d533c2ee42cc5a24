import { execFile } from 'node:child_process';
import { constants } from 'node:fs';
import { open, rm, writeFile } from 'node:fs/promises';
import { promisify } from 'node:util';
import type { Secret } from '../secrets/secret.js';

const run = promisify(execFile);

/**
 * What ssh starts when it asks: it reads one line of a pipe. Only questions for the password, or the passphrase of a key, are
 * answered; a second one of the same kind finds the pipe empty and closed when the login is over.
 */
const ANSWER = `#!/bin/sh
case $1 in
  *[Pp]assphrase*) from=$0.passphrase ;;
  *[Pp]assword*) from=$0.password ;;
  *) exit 1 ;;
esac
[ -p "$from" ] && IFS= read -r line <"$from" && printf '%s\\n' "$line"
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
