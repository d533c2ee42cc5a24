import type { SystemSshOptions } from './system-ssh-options.js';

/** An unanswered keepalive every 10 s, three in a row: then ssh takes the peer for dead. As with ssh2. */
const KEEPALIVE = ['ServerAliveInterval=10', 'ServerAliveCountMax=3'];

/**
 * The arguments of the ssh that has the connection, and in it the first lane. ssh takes the first value of each option that it is given: what
 * safety depends on comes before what the inventory and ssh_config say.
 */
export function connectionArguments(options: SystemSshOptions, socket: string, command: string): readonly string[] {
  const { destination, port, user, keyFiles = [], hostKeys, configFile } = options;
  const asks = options.password !== undefined || options.passphrase !== undefined;
  const settings = [
    'ControlPersist=no',
    ...(asks ? ['BatchMode=no', 'NumberOfPasswordPrompts=1'] : ['BatchMode=yes']),
    `StrictHostKeyChecking=${hostKeys.mode === 'strict' ? 'yes' : 'accept-new'}`,
    ...(hostKeys.files === undefined
      ? []
      : [`UserKnownHostsFile=${hostKeys.files.map(quoted).join(' ') || 'none'}`, 'GlobalKnownHostsFile=none']),
    `ConnectTimeout=${Math.max(1, Math.ceil(options.connectTimeoutMs / 1000))}`,
    'ConnectionAttempts=1',
    ...KEEPALIVE,
    // no banner, and no news of the connection among what commands say on stderr
    'LogLevel=ERROR',
    // what an interactive session may have in ssh_config, and a lane must not
    'ClearAllForwardings=yes',
    'PermitLocalCommand=no',
    'RemoteCommand=none',
    'Tunnel=no',
  ];
  return [
    ...(configFile === undefined ? [] : ['-F', configFile]),
    ...['-M', '-S', socket, '-T', '-a', '-x'],
    ...settings.flatMap((setting) => ['-o', setting]),
    ...(port === undefined ? [] : ['-p', String(port)]),
    ...(user === undefined ? [] : ['-l', user]),
    ...keyFiles.flatMap((filePath) => ['-i', filePath]),
    ...(options.arguments ?? []),
    ...['--', destination, command],
  ];
}

/**
 * The arguments of an ssh that opens a further lane on a connection that is there. It reads no ssh_config, and should the connection be gone, or give
 * no further channel, it must not make one of its own: its way to the host is a program that fails.
 */
export function laneArguments(socket: string, command: string): readonly string[] {
  const settings = ['ControlMaster=no', 'ProxyCommand=false', 'BatchMode=yes', 'LogLevel=ERROR'];
  return ['-F', 'none', '-S', socket, '-T', ...settings.flatMap((setting) => ['-o', setting]), '--', 'lane', command];
}

/** As ssh_config reads a list of files. `%` would begin a token. */
function quoted(filePath: string): string {
  return `"${filePath.replaceAll('%', '%%')}"`;
}
