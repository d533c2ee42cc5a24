import { pause } from '../../time/clock.js';
import type { SimulatedHost } from '../host-model.js';
import { date, echo, hostname, id, printf, sleep, uname, uptime } from './basics.js';
import { blockdev, dd, scsiId, sgTurs, sync, udevadm } from './block-tools.js';
import { dmsetup } from './dmsetup.js';
import { cryptsetup } from './cryptsetup.js';
import { cp, install, ln, mkdir, mv, rm, sed, touch } from './file-tools.js';
import { grep } from './grep.js';
import { iscsiadm } from './iscsiadm.js';
import { multipath } from './multipath.js';
import { multipathd } from './multipathd.js';
import { splitWords } from './shell-words.js';
import { awk, cat, ls, readlink, tee } from './text-tools.js';
import { complained, KILLED, printed, type Tool, type ToolCall, type ToolResult } from './tool.js';

const TOOLS: ReadonlyMap<string, Tool> = new Map<string, Tool>([
  ['iscsiadm', iscsiadm],
  ['multipath', multipath],
  ['multipathd', multipathd],
  ['dmsetup', dmsetup],
  ['scsi_id', scsiId],
  ['sg_turs', sgTurs],
  ['blockdev', blockdev],
  ['sync', sync],
  ['dd', dd],
  ['udevadm', udevadm],
  ['grep', grep],
  ['sed', sed],
  ['ln', ln],
  ['rm', rm],
  ['touch', touch],
  ['cp', cp],
  ['mkdir', mkdir],
  ['cryptsetup', cryptsetup],
  ['mv', mv],
  ['install', install],
  ['awk', awk],
  ['mawk', awk],
  ['cat', cat],
  ['ls', ls],
  ['readlink', readlink],
  ['tee', tee],
  ['hostname', hostname],
  ['uname', uname],
  ['id', id],
  ['echo', echo],
  ['printf', printf],
  ['sleep', sleep],
  ['uptime', uptime],
  ['date', date],
  ['true', () => printed('')],
  ['false', () => complained('', 1)],
]);

/** Directories in which programs are, when they are called by path. */
const DIRECTORIES = /^(?:\/usr)?\/(?:s?bin|lib\/udev|local\/s?bin)\//;

/** Runs a program on a simulated host, as a shell would find it. What is not simulated is "not found", exit 127. */
export async function runTool(
  host: SimulatedHost,
  argv: readonly string[],
  call: Omit<ToolCall, 'host' | 'argv'>,
): Promise<ToolResult> {
  const [program = '', ...rest] = argv;
  const name = program.replace(DIRECTORIES, '');
  const prefixed = withoutPrefix(name, rest);
  if (prefixed !== null) return runTool(host, prefixed, call);
  host.commands.push(argv);
  if (!(await pause(host.environment.clock, host.environment.delays.commandMs, call.signal))) return KILLED;
  if (name === 'sh' || name === 'bash') return runShell(host, argv, call);
  const tool = name.includes('/') ? undefined : TOOLS.get(name);
  if (tool === undefined) return complained(`/bin/sh: 1: ${program}: not found`, 127);
  return tool({ host, argv, ...call });
}

/** What comes before the program itself: sudo, timeout, env and their options. */
function withoutPrefix(name: string, rest: readonly string[]): readonly string[] | null {
  const skip = (takesValue: string): readonly string[] => {
    let at = 0;
    for (let word = rest[at]; word !== undefined && word.startsWith('-'); word = rest[at]) {
      at += 1;
      if (word === '--') break;
      if (word.length === 2 && takesValue.includes(word.charAt(1))) at += 1;
    }
    return rest.slice(at);
  };
  switch (name) {
    case 'sudo':
      return skip('uUpgC');
    case 'doas':
      return skip('uC');
    case 'timeout':
      return skip('ks').slice(1);
    case 'nice':
      return skip('n');
    case 'ionice':
      return skip('cn');
    case 'exec':
    case 'nohup':
      return rest;
    case 'env':
      return rest.slice(
        Math.max(
          0,
          rest.findIndex((word) => !word.includes('=')),
        ),
      );
    default:
      return null;
  }
}

/** `sh -c`: one plain command without any syntax, or `exit N`. */
async function runShell(
  host: SimulatedHost,
  argv: readonly string[],
  call: Omit<ToolCall, 'host' | 'argv'>,
): Promise<ToolResult> {
  const [, flag, script = ''] = argv;
  if (flag !== '-c') return complained('sh: only -c is simulated', 2);
  const words = splitWords(script);
  if (words === null) return complained('sh: 1: this script is not simulated', 2);
  if (words[0] === 'exit' && words.length === 2) return printed('', Number(words[1]) & 255);
  return runTool(host, words, call);
}
