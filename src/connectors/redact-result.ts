import { LongshoreError } from '../errors/longshore-error.js';
import { Secret } from '../secrets/secret.js';
import { SecretScrubber, secretsIn } from '../secrets/secret-scrubber.js';
import type { VolumeResult, VolumeSpec } from './connector.js';

/**
 * Work on a volume, the result and the errors of which hold no secret of it: raw words of a tool are part of them (rule S35), and a tool may say
 * anything (rule S33).
 */
export async function withoutSecrets(volume: VolumeSpec, work: () => Promise<VolumeResult>): Promise<VolumeResult> {
  const scrubber = new SecretScrubber(secretsOf(volume.data));
  try {
    const { error, warnings, ...rest } = await work();
    return {
      ...rest,
      warnings: warnings.map((one) => scrubber.text(one)),
      ...(error === undefined ? {} : { error: redacted(error, scrubber) }),
    };
  } catch (error) {
    throw error instanceof Error ? redacted(error, scrubber) : error;
  }
}

/** Cinder's connection info may carry its passwords as plain text. */
function* secretsOf(data: VolumeSpec['data']): Generator<Secret> {
  yield* secretsIn(data);
  for (const [key, value] of Object.entries(data)) {
    if (/password|secret/i.test(key) && typeof value === 'string' && value !== '') yield new Secret(value);
  }
}

/** The same error where there is nothing to take out. */
function redacted(error: Error, scrubber: SecretScrubber): Error {
  if (!(error instanceof LongshoreError)) return error;
  const { stderr, command, remedy, cause, also, ...details } = error.details;
  const message = scrubber.text(error.message);
  const cleaned = {
    ...details,
    ...(stderr === undefined ? {} : { stderr: scrubber.text(stderr) }),
    ...(command === undefined ? {} : { command: scrubber.text(command) }),
    ...(remedy === undefined ? {} : { remedy: scrubber.text(remedy) }),
    ...(cause === undefined ? {} : { cause: cause instanceof Error ? redacted(cause, scrubber) : cause }),
    ...(also === undefined ? {} : { also: also.map((one) => redacted(one, scrubber)) }),
  };
  const isSame = message === error.message && JSON.stringify(cleaned) === JSON.stringify(error.details);
  if (isSame) return error;
  return new LongshoreError(error.code, message, cleaned);
}
