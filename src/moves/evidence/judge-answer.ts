import { z } from 'zod';
import type { Fencing } from '../../inventory/inventory.js';

/** An answer longer than this is no answer, characters. */
const MAX_ANSWER = 4096;
const SECRET_LIKE = /pass|secret|token|credential|private/i;

export type AnswerFinding =
  /** the host is fenced, as far as this one answer says */
  | { readonly kind: 'fenced'; readonly answer: Readonly<Record<string, unknown>>; readonly expires: string | null }
  /** it says something else, or cannot be understood: no evidence */
  | { readonly kind: 'not-fenced'; readonly why: string };

const about = { host: z.string().optional(), expires: z.iso.datetime().optional() };
const stateAnswer = z.looseObject({ state: z.string(), ...about });
const accessAnswer = z.looseObject({ access: z.string(), sessions: z.int().nonnegative(), ...about });

/**
 * What one answer of a fencing check means (pure): one JSON object, for the host in question, in the expected state. Everything that is not
 * exactly that is no evidence, also `restarting`, `unknown` and silence.
 */
export function judgeAnswer(fencing: Pick<Fencing, 'method' | 'expect'>, host: string, text: string): AnswerFinding {
  const json = text.length > MAX_ANSWER ? undefined : parsedJson(text);
  if (json === undefined) return notFenced('the answer is not one JSON object of at most 4 KiB');
  return judgeObject(fencing, host, json);
}

/** The same for an answer that was read already, such as one in a file. */
export function judgeObject(
  { method, expect }: Pick<Fencing, 'method' | 'expect'>,
  host: string,
  json: unknown,
): AnswerFinding {
  if (method === 'array-access-removed') {
    const { data, success } = accessAnswer.safeParse(json);
    if (!success) return notFenced('the answer lacks "access" (text) or "sessions" (a count)');
    if (data.access !== 'removed') return notFenced(`the array says: access ${quote(data.access)}, not "removed"`);
    if (data.sessions > 0) return notFenced(`the array still has ${data.sessions} sessions from it`);
    return fenced(host, data);
  }
  const { data, success } = stateAnswer.safeParse(json);
  if (!success) return notFenced('the answer lacks "state" (text)');
  if (!expect.includes(data.state)) {
    return notFenced(`the state is ${quote(data.state)}, not ${expect.map(quote).join(' or ')}`);
  }
  return fenced(host, data);
}

function fenced(
  host: string,
  answer: Readonly<Record<string, unknown>> & { host?: string | undefined; expires?: string | undefined },
): AnswerFinding {
  if (answer.host !== undefined && answer.host !== host) return notFenced(`the answer is about ${quote(answer.host)}`);
  return { kind: 'fenced', answer: withoutSecrets(answer), expires: answer.expires ?? null };
}

function notFenced(why: string): AnswerFinding {
  return { kind: 'not-fenced', why };
}

function parsedJson(text: string): unknown {
  try {
    const value: unknown = JSON.parse(text);
    return typeof value === 'object' && value !== null && !Array.isArray(value) ? value : undefined;
  } catch {
    return undefined;
  }
}

/** A check has no reason to print a secret; one that does must not get it into a ledger. */
function withoutSecrets(answer: Readonly<Record<string, unknown>>): Readonly<Record<string, unknown>> {
  return JSON.parse(
    JSON.stringify(answer, (key, value: unknown) => (SECRET_LIKE.test(key) ? '[redacted]' : value)),
  ) as Readonly<Record<string, unknown>>;
}

function quote(text: string): string {
  return JSON.stringify(text.slice(0, 60));
}
