import { spawn } from 'node:child_process';
import type net from 'node:net';
import ssh2, { type AuthContext } from 'ssh2';

export interface PasswordServer {
  readonly port: number;
  /** passwords that came, by either way, in order */
  readonly tried: readonly string[];
  close(): Promise<void>;
}

/** A server that takes this password for any user, by this way only, and then runs `/bin/sh`; an sshd would need accounts of its own for that. */
export async function startPasswordServer(
  password: string,
  way: 'password' | 'keyboard-interactive',
): Promise<PasswordServer> {
  const tried: string[] = [];
  const judge = (attempt: AuthContext, given: string): void => {
    tried.push(given);
    if (given === password) attempt.accept();
    else attempt.reject([way]);
  };
  const { private: hostKey } = ssh2.utils.generateKeyPairSync('ed25519');
  const server = new ssh2.Server({ hostKeys: [hostKey] }, (client) => {
    client.on('error', () => undefined);
    client.on('authentication', (attempt) => {
      if (attempt.method === 'password' && way === 'password') judge(attempt, attempt.password);
      else if (attempt.method === 'keyboard-interactive' && way === 'keyboard-interactive') {
        attempt.prompt([{ prompt: 'Password: ', echo: false }], ([given = '']) => judge(attempt, given));
      } else attempt.reject([way]);
    });
    client.on('session', (accept) => {
      accept().on('exec', (acceptExec) => {
        const channel = acceptExec();
        const shell = spawn('/bin/sh', [], { stdio: 'pipe' });
        channel.pipe(shell.stdin);
        shell.stdout.pipe(channel);
        shell.stderr.pipe(channel.stderr);
        shell.on('close', (code) => channel.exit(code ?? 1));
      });
    });
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  return {
    port: (server.address() as net.AddressInfo).port,
    tried,
    close: () => new Promise((resolve) => server.close(() => resolve())),
  };
}
