import { pause } from '../../time/clock.js';
import { KILLED, printed, type Tool } from './tool.js';

export const hostname: Tool = ({ host, argv }) =>
  printed(`${argv.includes('-s') ? (host.name.split('.')[0] ?? '') : host.name}\n`);

export const uname: Tool = ({ host, argv }) => {
  const flags = argv[1] ?? '-s';
  const fields: Readonly<Record<string, string>> = {
    s: 'Linux',
    n: host.name,
    r: '6.1.0-56-amd64',
    m: 'x86_64',
    o: 'GNU/Linux',
  };
  const letters = flags === '-a' ? 'snrmo' : flags.replace(/^-+/, '');
  return printed(`${[...letters].map((letter) => fields[letter] ?? '').join(' ')}\n`);
};

export const id: Tool = ({ argv }) => {
  switch (argv[1]) {
    case '-u':
    case '-g':
      return printed('0\n');
    case '-un':
      return printed('root\n');
    default:
      return printed('uid=0(root) gid=0(root) groups=0(root)\n');
  }
};

export const echo: Tool = ({ argv }) => {
  const bare = argv[1] === '-n';
  return printed(argv.slice(bare ? 2 : 1).join(' ') + (bare ? '' : '\n'));
};

export const printf: Tool = ({ argv }) => {
  const [format = '', ...values] = argv.slice(1);
  const escapes: Readonly<Record<string, string>> = { n: '\n', t: '\t', '\\': '\\' };
  let next = 0;
  let text = '';
  // the format is used again until no value is left
  do {
    const before = next;
    text += format.replace(/%s|%%|\\([0-7]{1,3}|[nt\\])/g, (found, escape: string | undefined) => {
      if (found === '%s') return values[next++] ?? '';
      if (escape === undefined) return '%';
      return escapes[escape] ?? String.fromCharCode(Number.parseInt(escape, 8));
    });
    if (next === before) break;
  } while (next < values.length);
  return printed(text);
};

export const sleep: Tool = async ({ host, argv, signal }) =>
  (await pause(host.environment.clock, Number(argv[1] ?? '0') * 1000, signal)) ? printed('') : KILLED;

export const uptime: Tool = () => printed(' 07:00:00 up 1 day,  1:00,  0 users,  load average: 0.00, 0.00, 0.00\n');

export const date: Tool = ({ argv }) =>
  printed(argv[1] === '+%s' ? `${Math.floor(Date.now() / 1000)}\n` : `${new Date().toUTCString()}\n`);
