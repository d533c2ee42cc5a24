import { pino, type Logger } from 'pino';
import { LongshoreError } from '../errors/longshore-error.js';
import type { LogLevel } from './options.js';

/**
 * Keys whose values are never logged, wherever they are within three levels. Values of the `Secret` type print as `[redacted]` in any case; this is for
 * raw input that was not parsed yet.
 */
const SECRET_KEYS = [
  'password',
  'passphrase',
  'secret',
  'auth_password',
  'discovery_auth_password',
  'ansible_password',
  'ansible_ssh_pass',
  'ansible_become_password',
  'ansible_become_pass',
  'privateKey',
] as const;

/** Logs as JSON lines on the given stream, which is stderr. */
export function makeLogger(level: LogLevel, stream: { write(text: string): unknown }): Logger {
  return pino(
    {
      level,
      base: null,
      redact: { paths: SECRET_KEYS.flatMap((key) => [key, `*.${key}`, `*.*.${key}`]), censor: '[redacted]' },
      serializers: { err: describeError },
    },
    { write: (line: string) => void stream.write(line) },
  );
}

function describeError(error: unknown): unknown {
  if (!(error instanceof Error)) return { message: String(error) };
  const { name, message, stack, cause } = error;
  const known = error instanceof LongshoreError ? { code: error.code, ...plainDetails(error) } : {};
  return { name, message, ...known, stack, ...(cause === undefined ? {} : { cause: describeError(cause) }) };
}

function plainDetails({ details }: LongshoreError): object {
  const { host, step, command, stderr, remedy } = details;
  return { host, step, command, stderr, remedy };
}
