import { randomBytes } from 'node:crypto';
import { LongshoreError } from '../errors/longshore-error.js';
import { Lane, SHELL_RUNS, type LaneStreams, type LaneTraffic } from './lane.js';
import { quoteWord } from './quote-word.js';
import type { Become } from './ssh-options.js';

/** How a lane's shell is started. */
export interface LaneCommand {
  /** for the login shell, which may be any */
  readonly command: string;
  /** processes that it starts on the host: the shell, and sudo before it */
  readonly processes: number;
  readonly become: Become;
  /** what sudo asks the password with; '' when there is none to give */
  readonly prompt: string;
}

/**
 * The whole lane becomes the other user once. sudo is asked with `-n` when there is no password: it then fails at once, and never waits.
 * With a password its prompt is a random word, so that nothing else on stderr can ask for it.
 */
export function becomeCommand(become: Become): LaneCommand {
  const user = become.user ?? 'root';
  switch (become.method) {
    case 'none':
      return { command: 'exec /bin/sh', processes: 1, become, prompt: '' };
    case 'sudo': {
      const prompt = become.password === undefined ? '' : `longshore-${randomBytes(12).toString('hex')}:`;
      const how = prompt === '' ? '-n' : `-S -p ${quoteWord(prompt)}`;
      const shell = prompt === '' ? '/bin/sh' : `/bin/sh -c ${quoteWord(`echo ${SHELL_RUNS}; exec /bin/sh`)}`;
      return { command: `exec sudo ${how} -u ${quoteWord(user)} -- ${shell}`, processes: 2, become, prompt };
    }
    case 'doas':
      return { command: `exec doas -n -u ${quoteWord(user)} /bin/sh`, processes: 2, become, prompt: '' };
    case 'su':
      throw new LongshoreError('E_BECOME', 'become method su is not supported yet; use sudo or doas');
  }
}

/** Makes a lane of a started shell; gives the password only when, and if, sudo asks for it, and only once. */
export async function startLane(
  streams: LaneStreams,
  traffic: LaneTraffic,
  start: LaneCommand,
  options: { readonly host: string },
): Promise<Lane> {
  const { host } = options;
  const gone = (noise: string): Error => goneEarly(noise, start, host);
  const lane = new Lane(
    streams,
    traffic,
    gone,
    start.prompt === '' ? undefined : { prompt: start.prompt, password: start.become.password },
  );
  if (start.prompt !== '') await lane.ready();
  return lane;
}

function goneEarly(noise: string, { become, prompt }: LaneCommand, host: string): LongshoreError {
  const said = (prompt === '' ? noise : noise.replaceAll(prompt, '')).trim().split('\n').at(-1)?.trim() ?? '';
  if (become.method === 'none') {
    return new LongshoreError('E_LANE', `the shell on ${host} ended at once${said === '' ? '' : `: ${said}`}`, {
      host,
    });
  }
  const asks = /password is required|a terminal is required|must have a tty|no tty present/i.test(said);
  const wrong = /incorrect password|Sorry, try again|Authentication failed/i.test(noise);
  return new LongshoreError(
    'E_BECOME',
    wrong
      ? `${become.method} on ${host} did not accept the password; it was tried once`
      : `${become.method} on ${host} said no${said === '' ? '' : `: ${said}`}`,
    {
      host,
      remedy: asks
        ? 'give ansible_become_password by reference ({env: NAME} or {file: PATH}), or use --ask-become-pass'
        : 'check the sudoers rules for this user on the host',
    },
  );
}
