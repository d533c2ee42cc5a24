import { readFileSync, statSync } from 'node:fs';
import path from 'node:path';
import { LongshoreError } from '../../errors/longshore-error.js';
import { Secret } from '../../secrets/secret.js';
import { errorCode } from '../source/error-code.js';
import type { InventoryHost } from '../inventory.js';
import {
  type DocumentPath,
  joinProblems,
  problemLine,
  type ProblemList,
  quoted,
  type SourcePosition,
} from '../source/problems.js';
import type { SecretValue } from './field-schemas.js';
import { hasControl } from './host-names.js';

/** What secrets are resolved with. */
export interface SecretContext {
  readonly env: Readonly<Record<string, string | undefined>>;
  /** resolved: a secret that cannot be had is a problem now; deferred: only when it is used, or by `requireSecrets` */
  readonly secrets: 'resolved' | 'deferred';
}

const MAX_SECRET_BYTES = 4096;

/** A secret that could not be resolved, in an inventory that was read with `secrets: 'deferred'`. */
class MissingSecret extends Secret {
  readonly line: string;

  constructor(line: string) {
    super('');
    this.line = line;
  }

  override reveal(): string {
    throw new LongshoreError('E_SECRET', this.line);
  }
}

/**
 * A secret from text, `{env: NAME}` or `{file: PATH}` (relative to the file that refers to it; one trailing newline is not part of it).
 * A secret that is not there is a problem that names the reference, never a value.
 */
export function resolveSecret(
  value: SecretValue,
  position: SourcePosition,
  documentPath: DocumentPath,
  context: SecretContext,
  problems: ProblemList,
): Secret {
  const found = lookUp(value, position, context);
  const bad = 'problem' in found ? found.problem : textProblem(found.text);
  if (bad === null && 'text' in found) return new Secret(found.text);
  const message = bad ?? '';
  if (context.secrets === 'resolved') problems.add(position, documentPath, message, 'secret');
  return new MissingSecret(problemLine(position, documentPath, message));
}

function lookUp(
  value: SecretValue,
  position: SourcePosition,
  { env }: SecretContext,
): { readonly text: string } | { readonly problem: string } {
  if (typeof value === 'string') return { text: value };
  if ('env' in value) {
    const text = env[value.env];
    if (text === undefined) return { problem: `environment variable ${quoted(value.env)} is not set; export it` };
    return text === '' ? { problem: `environment variable ${quoted(value.env)} is empty; give it a value` } : { text };
  }
  const filePath = path.resolve(path.dirname(position.filePath), expandHome(value.file, env));
  const shown = quoted(value.file);
  try {
    const info = statSync(filePath);
    if (!info.isFile()) return { problem: `secret file ${shown} is not a regular file` };
    if (info.size > MAX_SECRET_BYTES)
      return { problem: `secret file ${shown} is larger than ${MAX_SECRET_BYTES} bytes` };
    const text = readFileSync(filePath, 'utf8').replace(/\r?\n$/, '');
    return text === '' ? { problem: `secret file ${shown} is empty` } : { text };
  } catch (error) {
    return { problem: `secret file ${shown} cannot be read (${errorCode(error)}); check the path and its permissions` };
  }
}

function textProblem(text: string): string | null {
  if (text === '') return 'a secret cannot be empty; give it a value or leave it out';
  if (Buffer.byteLength(text) > MAX_SECRET_BYTES) return `a secret can have at most ${MAX_SECRET_BYTES} bytes`;
  return hasControl(text) ? 'the secret holds a newline or another control character; remove it' : null;
}

/** `~` and `~/...` as the shell takes them, with HOME of the environment that was given. */
export function expandHome(filePath: string, env: SecretContext['env']): string {
  const home = env['HOME'];
  if (home === undefined || home === '') return filePath;
  return filePath === '~' || filePath.startsWith('~/') ? home + filePath.slice(1) : filePath;
}

/** Throws one `E_SECRET` for all secrets of these hosts that could not be resolved. */
export function requireSecrets(hosts: Iterable<InventoryHost>): void {
  const lines = new Set<string>();
  for (const host of hosts) {
    const data = [...host.volumes.values()].flatMap((volume) => Object.values(volume.data));
    for (const value of [host.password, host.privateKeyPassphrase, host.become.password, ...data]) {
      if (value instanceof MissingSecret) lines.add(value.line);
    }
  }
  if (lines.size > 0) throw new LongshoreError('E_SECRET', joinProblems([...lines]));
}
