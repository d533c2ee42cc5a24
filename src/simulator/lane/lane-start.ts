import { splitWords } from '../tools/shell-words.js';

export interface LaneStart {
  /** how the lane becomes root; with `passwordOnStdin` the first line of input is the password */
  readonly become: 'none' | 'sudo' | 'doas';
  readonly passwordOnStdin: boolean;
  /** what sudo asks with, on stderr */
  readonly prompt: string;
  /** a word that the shell prints first, to say that it runs; '' for none */
  readonly greeting: string;
}

/** Options of sudo and doas that a value follows. */
const VALUED = new Set(['-u', '-U', '-p', '-g', '-C', '--user', '--prompt', '--group']);

/** Whether a command line starts a lane: `sh` without a script, also behind exec, env, assignments and sudo. null when not. */
export function laneStart(command: string): LaneStart | null {
  const words = splitWords(command);
  if (words === null) return null;
  let become: LaneStart['become'] = 'none';
  let passwordOnStdin = false;
  let prompt = '';
  let at = 0;
  for (;;) {
    const word = words[at];
    if (word === undefined) return null;
    at += 1;
    if (word === 'exec' || word === 'env' || /^\w+=/.test(word)) continue;
    const name = word.replace(/^(?:\/usr)?\/bin\//, '');
    if (name === 'sudo' || name === 'doas') {
      become = name;
      for (let option = words[at]; option?.startsWith('-') === true; option = words[at]) {
        at += 1;
        if (option === '--') break;
        if (option === '-S' || option === '--stdin') passwordOnStdin = true;
        if (option.startsWith('--prompt=')) prompt = option.slice('--prompt='.length);
        if (!VALUED.has(option)) continue;
        if (option === '-p' || option === '--prompt') prompt = words[at] ?? '';
        at += 1;
      }
      continue;
    }
    const isShell = name === 'sh' || name === 'dash';
    if (!isShell) return null;
    const greeting = greetingOf(words.slice(at));
    return greeting === null ? null : { become, passwordOnStdin, prompt, greeting };
  }
}

/** What the shell's own words make it print before it reads its input; null when they are some other script. */
function greetingOf([option, script = '', ...rest]: readonly string[]): string | null {
  if (option === undefined || (option === '-s' && script === '')) return '';
  if (option !== '-c' || rest.length > 0) return null;
  return /^echo (\S+); exec \/bin\/sh$/.exec(script)?.[1] ?? null;
}
