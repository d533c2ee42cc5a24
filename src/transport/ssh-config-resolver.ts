import { execFile } from 'node:child_process';
import { access } from 'node:fs/promises';
import path from 'node:path';
import pLimit from 'p-limit';
import { LongshoreError } from '../errors/longshore-error.js';
import { readSettings, type SshConfig } from './ssh-config.js';
import { readSshArguments, type SshArguments } from './ssh-config-arguments.js';
import {
  type ConfigFiles,
  type ConfigLine,
  plainSettings,
  readConfigFiles,
  requirePlain,
} from './ssh-config-parser.js';

/** Where a run's ssh configuration comes from. */
export interface SshConfigSource {
  /** the home directory of the user, as everything but ssh sees it ($HOME) */
  readonly home: string;
  /** the home directory that ssh takes: that of the user database */
  readonly accountHome: string;
  readonly localUser: string;
  readonly localUserId: number;
  readonly localHostName: string;
  readonly env: Readonly<Record<string, string | undefined>>;
  /** read instead of the user's and the system's files, as `ssh -F`; `none` for no file at all */
  readonly configFile?: string;
  /** Default /etc/ssh/ssh_config */
  readonly systemFile?: string;
  /** Default `ssh` */
  readonly program?: string;
}

/** A host to look up, with what has more weight than ssh_config. */
export interface SshConfigQuery {
  /** what a user would give to ssh */
  readonly name: string;
  readonly port?: number;
  readonly user?: string;
  /** options as for ssh(1), such as those of ansible_ssh_common_args */
  readonly arguments: readonly string[];
}

const SYSTEM_FILE = '/etc/ssh/ssh_config';

/** What one `ssh -G` may take. `Match exec` may run anything. */
const PROGRAM_MS = 10_000;
/** Each takes 5 ms of a processor; more at once only wait for each other. */
const AT_ONCE = 8;

/** Keywords that change how a host is reached. Settings of other keywords alone are no reason to ask ssh. */
const HONOURED: ReadonlySet<string> = new Set([
  'addressfamily',
  'certificatefile',
  'connecttimeout',
  'globalknownhostsfile',
  'hostkeyalias',
  'hostname',
  'identitiesonly',
  'identityagent',
  'identityfile',
  'pkcs11provider',
  'port',
  'proxycommand',
  'proxyjump',
  'serveraliveinterval',
  'stricthostkeychecking',
  'user',
  'userknownhostsfile',
]);

/**
 * Looks hosts up in ssh_config: by `ssh -G`, the only reader that knows all of it; by plain reading where there is no ssh, and where plain reading shows
 * that the files say nothing of a host. One lookup for each host and run.
 */
export class SshConfigResolver {
  readonly #source: SshConfigSource;
  readonly #limit = pLimit(AT_ONCE);
  readonly #found = new Map<string, Promise<SshConfig>>();
  readonly #files = new Map<string, Promise<ConfigFiles>>();
  #hasProgram = true;

  constructor(source: SshConfigSource) {
    this.#source = source;
  }

  /** Rejects with `E_UNREACHABLE` when the configuration cannot be read or says what cannot be done. */
  resolve(query: SshConfigQuery): Promise<SshConfig> {
    const key = JSON.stringify([query.name, query.port, query.user, query.arguments]);
    const found = this.#found.get(key) ?? this.#lookUp(query);
    this.#found.set(key, found);
    return found;
  }

  async #lookUp(query: SshConfigQuery): Promise<SshConfig> {
    const words = readSshArguments(query.arguments, query.name);
    const { settings, fileArguments } = await this.#settings(query, words);
    const { home, accountHome, localUser, localUserId, localHostName, env } = this.#source;
    if (home !== accountHome) rebaseKnownHosts(settings, accountHome);
    const { name, port, user } = query;
    const sshArguments = [...query.arguments, ...fileArguments];
    const weighty = { ...(port === undefined ? {} : { port }), ...(user === undefined ? {} : { user }) };
    return readSettings(settings, {
      name,
      home,
      localUser,
      localUserId,
      localHostName,
      env,
      sshArguments,
      ...weighty,
    });
  }

  async #settings(
    query: SshConfigQuery,
    words: SshArguments,
  ): Promise<{ settings: Map<string, string[]>; fileArguments: readonly string[] }> {
    const chosen = this.#source.configFile ?? words.configFile ?? (await this.#ownFile());
    const fileArguments = chosen === null ? [] : ['-F', chosen];
    const { home, accountHome, systemFile = SYSTEM_FILE } = this.#source;
    const paths =
      chosen === null ? [path.join(accountHome, '.ssh/config'), systemFile] : chosen === 'none' ? [] : [chosen];
    const files = await this.#read(paths, home);
    const given: ConfigLine[] = words.settings.map(([keyword, value]) => ({
      keyword,
      value,
      hosts: [],
      place: 'ansible_ssh_common_args',
    }));
    const plain = plainSettings([...given, ...files.lines], query.name);
    const isSilent = files.beyond === null && ![...plain.keys()].some((keyword) => HONOURED.has(keyword));
    if (isSilent) return { settings: plain, fileArguments };
    if (this.#hasProgram) {
      const answer = await this.#limit(() => this.#ask(query, fileArguments));
      if (answer !== null) return { settings: answer, fileArguments };
      this.#hasProgram = false;
    }
    requirePlain(files, query.name);
    return { settings: plain, fileArguments };
  }

  /** ssh takes the home directory of the user database; where $HOME is another one, its file has to be named. */
  async #ownFile(): Promise<string | null> {
    const { home, accountHome, systemFile = SYSTEM_FILE } = this.#source;
    if (home === accountHome) return null;
    for (const file of [path.join(home, '.ssh/config'), systemFile]) {
      const isThere = await access(file).then(
        () => true,
        () => false,
      );
      if (isThere) return file;
    }
    return 'none';
  }

  #read(paths: readonly string[], home: string): Promise<ConfigFiles> {
    const key = paths.join('\n');
    const files = this.#files.get(key) ?? readConfigFiles(paths, { home, env: this.#source.env });
    this.#files.set(key, files);
    return files;
  }

  /** What `ssh -G` prints; null when there is no ssh here. */
  #ask(
    { name, port, user, arguments: words }: SshConfigQuery,
    fileArguments: readonly string[],
  ): Promise<Map<string, string[]> | null> {
    const weighty = [...(port === undefined ? [] : ['-p', String(port)]), ...(user === undefined ? [] : ['-l', user])];
    const argv = ['-G', '-T', ...weighty, ...words, ...fileArguments, '--', name];
    return new Promise((resolve, reject) => {
      const options = { timeout: PROGRAM_MS, killSignal: 'SIGKILL', maxBuffer: 1 << 20 } as const;
      const child = execFile(this.#source.program ?? 'ssh', argv, options, (error, stdout, stderr) => {
        if (error === null) resolve(parseAnswer(stdout));
        else if ('code' in error && error.code === 'ENOENT') resolve(null);
        else reject(refused(name, error.killed === true ? `no answer in ${PROGRAM_MS / 1000} s` : stderr));
      });
      child.stdin?.end();
    });
  }
}

function parseAnswer(stdout: string): Map<string, string[]> {
  const settings = new Map<string, string[]>();
  for (const line of stdout.split('\n')) {
    const at = line.indexOf(' ');
    if (at === -1) continue;
    const keyword = line.slice(0, at).toLowerCase();
    const values = settings.get(keyword) ?? [];
    values.push(line.slice(at + 1).trim());
    settings.set(keyword, values);
  }
  return settings;
}

/** ssh's own default, which it takes from the user database, is left to the reader of the settings. */
function rebaseKnownHosts(settings: Map<string, string[]>, accountHome: string): void {
  const standard = ['known_hosts', 'known_hosts2'].map((name) => path.join(accountHome, '.ssh', name)).join(' ');
  if (settings.get('userknownhostsfile')?.[0] === standard) settings.delete('userknownhostsfile');
}

function refused(host: string, stderr: string): LongshoreError {
  const lines = stderr.split('\n').filter((line) => line.trim() !== '' && !line.startsWith('Pseudo-terminal'));
  return new LongshoreError('E_UNREACHABLE', `ssh cannot read its configuration: ${lines.join('; ').slice(0, 500)}`, {
    host,
    remedy: `\`ssh -G ${host}\` shows the same`,
  });
}
