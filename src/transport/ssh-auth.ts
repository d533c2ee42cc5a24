import { readFile } from 'node:fs/promises';
import type { AuthHandlerMiddleware, AuthenticationType, AnyAuthMethod, ParsedKey } from 'ssh2';
import ssh2 from 'ssh2';
import { LongshoreError } from '../errors/longshore-error.js';
import type { PrivateKeyFile, SshOptions } from './ssh-options.js';

const { utils } = ssh2;

/** What is offered to the host, in order, with words for the message should nothing be accepted. */
export interface AuthPlan {
  readonly methods: readonly { readonly method: AnyAuthMethod; readonly what: string }[];
}

/** The configured keys first (sshd counts tries, and an agent may hold many keys), then the agent, then the password. */
export async function planAuthentication(options: SshOptions): Promise<AuthPlan> {
  const { user: username, agent, password } = options;
  const methods: AuthPlan['methods'][number][] = [];
  for (const file of options.privateKeys) {
    const key = await readKey(file, options.host);
    if (key === null) continue;
    methods.push({ method: { type: 'publickey', username, key }, what: `key ${file.filePath}` });
  }
  if (agent !== undefined && agent !== '') {
    methods.push({ method: { type: 'agent', username, agent }, what: 'the agent' });
  }
  if (password !== undefined) {
    methods.push({ method: { type: 'password', username, password: password.reveal() }, what: 'the password' });
    methods.push({
      method: {
        type: 'keyboard-interactive',
        username,
        prompt: (_name, _instructions, _lang, prompts, finish) => finish(prompts.map(() => password.reveal())),
      },
      what: 'the password, when asked for',
    });
  }
  return { methods };
}

/** Offers one method after the other; each at most once. */
export function authHandler(plan: AuthPlan): AuthHandlerMiddleware {
  let next = 0;
  return (methodsLeft: AuthenticationType[] | null, _partial, callback) => {
    while (next < plan.methods.length) {
      const entry = plan.methods[next];
      next += 1;
      if (entry === undefined) break;
      const type = entry.method.type === 'agent' ? 'publickey' : entry.method.type;
      if (methodsLeft !== null && !methodsLeft.includes(type as AuthenticationType)) continue;
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
    throw new LongshoreError(
      'E_AUTH',
      `cannot read the key file ${file.filePath}: ${(error as NodeJS.ErrnoException).code ?? ''}`,
      {
        host,
        remedy: 'correct ansible_ssh_private_key_file or --private-key',
      },
    );
  }
  const parsed = utils.parseKey(text, file.passphrase?.reveal());
  const key = Array.isArray(parsed) ? parsed[0] : parsed;
  if (!(key instanceof Error) && key !== undefined) return key as ParsedKey;
  if (file.optional === true) return null;
  const encrypted = key instanceof Error && /encrypted|passphrase|integrity|decrypt/i.test(key.message);
  throw new LongshoreError(
    'E_AUTH',
    encrypted
      ? `the key file ${file.filePath} needs ${file.passphrase === undefined ? 'its passphrase' : 'another passphrase'}`
      : `the key file ${file.filePath} is of a kind that this transport cannot use`,
    {
      host,
      remedy: encrypted
        ? 'load it into ssh-agent, or give longshore_ssh_private_key_passphrase by reference ({env: NAME} or {file: PATH})'
        : 'use an ed25519, ecdsa or rsa key; certificates and security keys (sk-) are not supported by ssh2',
    },
  );
}
