import type {
  AnyAuthMethod,
  AuthenticationType,
  AuthHandlerMiddleware,
  KeyboardInteractiveAuthMethod,
  ParsedKey,
} from 'ssh2';
import type { Secret } from '../secrets/secret.js';
import { agentKeys, hasKey, OrderedAgent } from './ssh-agent.js';
import { keyFileError, type KeyReading, KeyRing, NEEDS_PASSPHRASE } from './ssh-key-ring.js';
import type { PrivateKeyFile, SshOptions } from './ssh-options.js';

/** What is offered to the host, in order, with words for the message should nothing be accepted. */
export interface AuthPlan {
  readonly methods: readonly { readonly method: AnyAuthMethod; readonly what: string }[];
  /** filled as the login goes on: what was offered, and what could not be */
  readonly tried: string[];
  readonly notes: string[];
}

/**
 * The configured keys first (sshd counts tries, and an agent may hold many keys), then the agent, then the password. A key that needs a
 * passphrase is left to an agent that has it; else the passphrase is asked for, before the connection is opened. Rejects with `E_AUTH` when a key file
 * that somebody named cannot be used.
 */
export async function planAuthentication(options: SshOptions): Promise<AuthPlan> {
  const { user: username, agent, password } = options;
  const keys = await usableKeys(options);
  const methods: AuthPlan['methods'][number][] = keys.usable.map(({ key, filePath }) => ({
    method: { type: 'publickey', username, key },
    what: `key ${filePath}`,
  }));
  if (agent !== undefined && agent !== '') {
    const only = options.identitiesOnly === true;
    methods.push({
      method: { type: 'agent', username, agent: new OrderedAgent(agent, keys.named, only) },
      what: only ? 'those keys of the agent that are named for it' : 'the keys of the agent',
    });
  }
  if (password !== undefined) {
    methods.push(
      { method: { type: 'password', username, password: password.reveal() }, what: 'the password' },
      {
        method: { type: 'keyboard-interactive', username, prompt: answerOnce(password) },
        what: 'the password, when asked for',
      },
    );
  }
  return { methods, tried: [], notes: keys.notes };
}

interface UsableKeys {
  readonly usable: { readonly key: ParsedKey; readonly filePath: string }[];
  /** public keys that the configuration names, whether their private half is here or with the agent */
  readonly named: Buffer[];
  readonly notes: string[];
}

async function usableKeys(options: SshOptions): Promise<UsableKeys> {
  const { agent, host, keyRing = new KeyRing() } = options;
  const result: UsableKeys = { usable: [], named: [], notes: [] };
  const lockedDefaults: PrivateKeyFile[] = [];
  let listed: Promise<readonly Buffer[]> | undefined;
  const fromAgent = (): Promise<readonly Buffer[]> =>
    (listed ??= agent === undefined || agent === '' ? Promise.resolve([]) : agentKeys(agent));
  for (const file of options.privateKeys) {
    const { filePath } = file;
    const reading = await keyRing.read(file);
    if (reading.publicKey !== null) result.named.push(reading.publicKey);
    if (reading.kind === 'key') result.usable.push({ key: reading.key, filePath });
    else if (reading.publicKey !== null && hasKey(await fromAgent(), reading.publicKey)) continue;
    else if (reading.kind === 'locked' && file.isDefault === true) lockedDefaults.push(file);
    else {
      const key = reading.kind === 'locked' && !reading.isWrong ? await keyRing.unlock(file) : null;
      if (key !== null) result.usable.push({ key, filePath });
      else if (file.optional !== true) throw keyFileError(file, reading, host);
      else if (reading.kind !== 'missing') result.notes.push(`${filePath} cannot be used (${whyNot(reading)})`);
    }
  }
  const hasOther = result.usable.length > 0 || options.password !== undefined;
  if (hasOther || lockedDefaults.length === 0 || (await fromAgent()).length > 0) return result;
  for (const file of lockedDefaults) {
    const key = await keyRing.unlock(file);
    if (key === null) result.notes.push(`${file.filePath} cannot be used (${NEEDS_PASSPHRASE})`);
    else result.usable.push({ key, filePath: file.filePath });
    if (key !== null) break;
  }
  return result;
}

function whyNot(reading: Exclude<KeyReading, { kind: 'key' }>): string {
  if (reading.kind === 'locked') return NEEDS_PASSPHRASE;
  return reading.kind === 'public' ? 'it is a public key that the agent does not have' : reading.why;
}

/** Each wrong answer counts towards the lock of an account, and sshd may ask again: from the second time on, it gets none. */
function answerOnce(password: Secret): KeyboardInteractiveAuthMethod['prompt'] {
  let hasAnswered = false;
  return (_name, _instructions, _language, prompts, finish) => {
    // a question that shows what is typed is not for a password
    const answers = prompts.map(({ echo }) => {
      if (hasAnswered || echo === true) return '';
      hasAnswered = true;
      return password.reveal();
    });
    finish(answers);
  };
}

/**
 * Offers one method after the other, each at most once, and none that the host does not take. The password is sent in one way only: each
 * wrong one counts towards the lock of an account.
 */
export function authHandler(plan: AuthPlan): AuthHandlerMiddleware {
  let next = 0;
  let hasAsked = false;
  return (methodsLeft: AuthenticationType[] | null, _partial, callback) => {
    const [first] = plan.methods;
    // which of the two ways the password goes is for the host to say: ask before it is sent
    if (methodsLeft === null && !hasAsked && first?.method.type === 'password') {
      hasAsked = true;
      callback({ type: 'none', username: first.method.username });
      return;
    }
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
