import { randomBytes } from 'node:crypto';
import { LongshoreError } from '../errors/longshore-error.js';
import type { LaneOptions } from './lane.js';
import { quoteWord } from './quote-word.js';
import type { Become } from './ssh-options.js';

/** What a shell behind sudo says when it runs, so that it is known whether sudo asks. */
const SHELL_RUNS = 'longshore-shell-runs';

const SU_NEEDS_ROOT = 'su asks for a password, which it takes on a terminal only';

/** How a lane's shell is started. */
export interface LaneCommand {
  /** for the login shell, which may be any */
  readonly command: string;
  /** processes that it starts on the host besides the shell */
  readonly processes: number;
  readonly lane: LaneOptions;
}

/**
 * The whole lane becomes the other user once. sudo is asked with `-n` when there is no password: it then fails at once, and never waits.
 * With a password its prompt is a random word, so that nothing else on stderr can ask for it. doas cannot take a password
 * without a terminal, and su is for root only.
 */
export function becomeCommand(become: Become, host: string): LaneCommand {
  const user = quoteWord(become.user ?? 'root');
  const lane: LaneOptions = { host, endedEarly: (noise) => endedEarly(noise, become, host) };
  switch (become.method) {
    case 'none':
      return { command: 'exec /bin/sh', processes: 0, lane };
    case 'sudo': {
      if (become.password === undefined) {
        return { command: `exec sudo -n -u ${user} -- /bin/sh`, processes: 1, lane };
      }
      const prompt = `longshore-${randomBytes(12).toString('hex')}:`;
      const shell = `/bin/sh -c ${quoteWord(`echo ${SHELL_RUNS}; exec /bin/sh`)}`;
      return {
        command: `exec sudo -S -p ${quoteWord(prompt)} -u ${user} -- ${shell}`,
        processes: 1,
        lane: { ...lane, opening: answerOnce(prompt, become) },
      };
    }
    case 'doas':
      return { command: `exec doas -n -u ${user} /bin/sh`, processes: 1, lane };
    case 'su': {
      // su asks on a terminal, or reads the password where a lane's requests come from: it is only started by root, whom it does not ask
      const start = `exec su -s /bin/sh ${user} -c 'exec /bin/sh'`;
      const script = `[ "$(id -u)" = 0 ] || { echo '${SU_NEEDS_ROOT}' >&2; exit 1; }; ${start}`;
      return { command: `exec /bin/sh -c ${quoteWord(script)}`, processes: 3, lane };
    }
  }
}

/**
 * `sudo -S` reads a line from stdin only when it asks; where it does not ask (NOPASSWD, a fresh ticket) that line would be the
 * shell's first command, and after a wrong password it would take the shell's first line as the next try. So the password is written
 * when, and only when, the prompt shows, once, and the shell is spoken to when it has said that it runs.
 */
function answerOnce(prompt: string, { password }: Become): NonNullable<LaneOptions['opening']> {
  let given = false;
  return (noise, write) => {
    if (noise.includes(SHELL_RUNS)) return 'ready';
    const asked = noise.split(prompt).length - 1;
    if (asked > 1) return 'end';
    if (asked === 1 && !given) {
      given = true;
      write(`${password?.reveal() ?? ''}\n`);
    }
    return 'wait';
  };
}

function endedEarly(noise: string, { method, user = 'root', password }: Become, host: string): LongshoreError {
  const lines = noise.replaceAll(/longshore-[0-9a-f]{24}:/g, '').split('\n');
  const last = lines.findLast((line) => line.trim() !== '')?.trim();
  const said = last === undefined ? '' : `: ${last.slice(0, 200)}`;
  if (method === 'none') return new LongshoreError('E_LANE', `the shell on ${host} ended at once${said}`, { host });
  const isWrong = /incorrect password|try again|authentication failed/i.test(noise);
  if (isWrong && password !== undefined) {
    return new LongshoreError('E_BECOME', `${method} on ${host} did not accept the password; it was tried once`, {
      host,
      remedy: 'check the become password of this host',
    });
  }
  const needsPassword = /password is required|terminal is required|authentication required/i.test(noise);
  const needsTerminal = /must have a tty|no tty present|tty is required/i.test(noise);
  const remedy = noise.includes(SU_NEEDS_ROOT)
    ? 'use ansible_become_method sudo or doas, or log in as root: su works from there'
    : needsTerminal
      ? `allow ${method} without a terminal for this user (sudoers: Defaults:NAME !requiretty)`
      : needsPassword && method === 'sudo'
        ? 'give ansible_become_password by reference ({env: NAME} or {file: PATH}), or use --ask-become-pass'
        : `check the rules of ${method} for this user on the host`;
  return new LongshoreError('E_BECOME', `cannot become ${user} by ${method} on ${host}${said}`, { host, remedy });
}
