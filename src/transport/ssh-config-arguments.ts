import { LongshoreError } from '../errors/longshore-error.js';
import { splitConfigLine } from './ssh-config-parser.js';

/** What words such as `-o ProxyJump=bastion -F file` come to. */
export interface SshArguments {
  /** settings in the order in which they were given, keywords in lower case */
  readonly settings: readonly (readonly [keyword: string, value: string])[];
  /** of `-F`, the last one */
  readonly configFile: string | null;
}

/** Options of ssh(1) that take a value. */
const WITH_VALUE = 'BbcDEeFIiJLlmOoPpQRSWw';

const AS_SETTING: Readonly<Record<string, string>> = { J: 'proxyjump', l: 'user', p: 'port', i: 'identityfile' };
const FLAGS: Readonly<Record<string, string>> = { '4': 'inet', '6': 'inet6' };

/**
 * Reads words as ssh(1) reads its options; those that are about other things than reaching the host are passed over. Throws `E_UNREACHABLE` when a
 * word is no option: ssh would take it for the host, or for a command.
 */
export function readSshArguments(words: readonly string[], host: string): SshArguments {
  const settings: (readonly [string, string])[] = [];
  let configFile: string | null = null;
  for (let index = 0; index < words.length; index += 1) {
    const word = words[index] ?? '';
    if (!/^-[A-Za-z0-9]/.test(word)) throw notAnOption(word, host);
    for (let at = 1; at < word.length; at += 1) {
      const flag = word[at] ?? '';
      if (!WITH_VALUE.includes(flag)) {
        const family = FLAGS[flag];
        if (family !== undefined) settings.push(['addressfamily', family]);
        continue;
      }
      const rest = word.slice(at + 1);
      const value = rest === '' ? words[(index += 1)] : rest;
      if (value === undefined) throw notAnOption(word, host);
      const keyword = AS_SETTING[flag];
      if (flag === 'F') configFile = value;
      else if (keyword !== undefined) settings.push([keyword, value]);
      else if (flag === 'o') settings.push(splitConfigLine(value) ?? [value.toLowerCase(), '']);
      break;
    }
  }
  return { settings, configFile };
}

function notAnOption(word: string, host: string): LongshoreError {
  return new LongshoreError(
    'E_UNREACHABLE',
    `ansible_ssh_common_args has ${JSON.stringify(word)}, which is no option of ssh, or one whose value is missing`,
    { host, remedy: 'write options only, such as -o ProxyJump=bastion' },
  );
}
