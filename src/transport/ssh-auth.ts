import { readFile } from 'node:fs/promises';
import type { AnyAuthMethod, AuthenticationType, AuthHandlerMiddleware, ParsedKey } from 'ssh2';
import ssh2 from 'ssh2';
import { LongshoreError } from '../errors/longshore-error.js';
import type { PrivateKeyFile, SshOptions } from './ssh-options.js';

const { utils } = ssh2;

/** What is offered to the host, in order, with words for the message should nothing be accepted. */
export interface AuthPlan {
  readonly methods: readonly { readonly method: AnyAuthMethod; readonly what: string }[];
  /** filled as the login goes on: what was offered, and what could not be */
  readonly tried: string[];
  readonly notes: string[];
}

/** The configured keys first (sshd counts tries, and an agent may hold many keys), then the agent, then the password. */
export async function planAuthentication(options: SshOptions): Promise<AuthPlan> {
  const { user: username, agent, password } = options;
  const methods: AuthPlan['methods'][number][] = [];
  for (const file of options.privateKeys) {
    const key = await readKey(file, options.host);
    if (key !== null) methods.push({ method: { type: 'publickey', username, key }, what: `key ${file.filePath}` });
  }
  if (agent !== undefined && agent !== '') {
    methods.push({ method: { type: 'agent', username, agent }, what: 'the keys of the agent' });
  }
  if (password !== undefined) {
    methods.push(
      { method: { type: 'password', username, password: password.reveal() }, what: 'the password' },
      {
        method: {
          type: 'keyboard-interactive',
          username,
          prompt: (_name, _instructions, _lang, prompts, finish) => finish(prompts.map(() => password.reveal())),
        },
        what: 'the password, when asked for',
      },
    );
  }
  return { methods, tried: [], notes: [] };
}

/**
 * Offers one method after the other, each at most once, and none that the host does not take. The password is sent in one way only: each
 * wrong one counts towards the lock of an account.
 */
export function authHandler(plan: AuthPlan): AuthHandlerMiddleware {
  let next = 0;
  return (methodsLeft: AuthenticationType[] | null, _partial, callback) => {
    for (let entry = plan.methods[next]; entry !== undefined; entry = plan.methods[next]) {
      next += 1;
      const { type } = entry.method;
      const asked = type === 'agent' ? 'publickey' : type;
      if (methodsLeft !== null && !(methodsLeft as string[]).includes(asked)) continue;
      if (type === 'keyboard-interactive' && plan.tried.includes('the password')) continue;
      plan.tried.push(entry.what);
      callback(entry.method);
      return;
    }
    callback(false as never);
  };
}

async function readKey(file: PrivateKeyFile, host: string): Promise<ParsedKey | null> {
  let text: string;
  try {
    text = await readFile(file.filePath, 'utf8');
  } catch (error) {
    if (file.optional === true) return null;
    const code = error instanceof Error && 'code' in error ? String(error.code) : 'unknown reason';
    throw new LongshoreError('E_AUTH', `cannot read the key file ${file.filePath}: ${code}`, {
      host,
      remedy: 'correct ansible_ssh_private_key_file or --private-key',
    });
  }
  const parsed: ParsedKey | readonly ParsedKey[] | Error = utils.parseKey(text, file.passphrase?.reveal());
  const [key] = [parsed].flat();
  if (key !== undefined && !(key instanceof Error) && key.isPrivateKey()) return key;
  if (file.optional === true) return null;
  throw unusable(file, host, key instanceof Error ? key.message : '');
}

function unusable({ filePath, passphrase }: PrivateKeyFile, host: string, why: string): LongshoreError {
  if (/encrypted|passphrase|integrity|decrypt/i.test(why)) {
    const what = passphrase === undefined ? 'its passphrase' : 'another passphrase';
    return new LongshoreError('E_AUTH', `the key file ${filePath} needs ${what}`, {
      host,
      remedy:
        'load it into ssh-agent, or give longshore_ssh_private_key_passphrase by reference ({env: NAME} or {file: PATH})',
    });
  }
  return new LongshoreError('E_AUTH', `the key file ${filePath} is not a private key that this transport can use`, {
    host,
    remedy: 'use an ed25519, ecdsa or rsa key; certificates and security keys (sk-) are not supported',
  });
}
