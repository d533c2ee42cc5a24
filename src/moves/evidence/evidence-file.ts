import { z } from 'zod';
import { type Evidence, EVIDENCE_METHODS } from './evidence-schema.js';
import { judgeObject } from './judge-answer.js';

/** Longest time from when something was seen until it may no longer be acted on, ms. */
const LONGEST_MS = 15 * 60_000;
/** How far ahead another machine's clock may be, ms. */
const CLOCK_AHEAD_MS = 60_000;

const text = (what: string) =>
  z.string({ error: () => `"${what}" must be text` }).min(1, `"${what}" must not be empty`);
const time = (what: string) => z.iso.datetime({ error: () => `"${what}" must be a time such as 2026-01-31T12:00:00Z` });

/** The file of `--evidence FILE`: what some other system, or two people, have found out about a host. */
export const evidenceFileSchema = z
  .strictObject({
    $schema: z.string().optional(),
    host: text('host').meta({ description: "The host's name in the inventory" }),
    method: z
      .enum(EVIDENCE_METHODS, { error: () => `"method" must be one of ${EVIDENCE_METHODS.join(', ')}` })
      .meta({ description: 'How it is known that the host cannot write any more' }),
    at: time('at').meta({ description: 'When that was seen' }),
    expires: time('expires').meta({ description: 'Until when it may be acted on; at most 15 minutes later' }),
    by: text('by').meta({ description: 'Who or what found it out' }),
    state: z.string().optional().meta({ description: 'bmc-power-off: off; instance-terminated: terminated' }),
    access: z.string().optional().meta({ description: 'array-access-removed: removed' }),
    sessions: z
      .int()
      .optional()
      .meta({ description: 'array-access-removed: sessions that the array has from the host' }),
    second: z.string().min(1).optional().meta({ description: 'operator-attestation: the second person' }),
    volume: z.string().min(1).optional().meta({ description: 'operator-attestation: the one volume that it is about' }),
    statement: z
      .string()
      .min(1)
      .max(2000)
      .optional()
      .meta({ description: 'operator-attestation: what was seen, and how' }),
  })
  .meta({ title: 'Longshore fencing evidence', description: 'Evidence that a host cannot write any more' });

type EvidenceFile = z.output<typeof evidenceFileSchema>;

/** Reads an evidence file (pure). It says in one sentence what is wrong, or gives evidence that holds at `now`. */
export function evidenceFromFile(
  content: string,
  host: string,
  now: Date,
): { readonly evidence: Evidence; readonly problem: '' } | { readonly evidence: null; readonly problem: string } {
  const bad = (problem: string) => ({ evidence: null, problem });
  let json: unknown;
  try {
    json = JSON.parse(content);
  } catch {
    return bad('is not JSON');
  }
  const parsed = evidenceFileSchema.safeParse(json);
  if (!parsed.success) return bad(parsed.error.issues.map((issue) => issue.message).join('; '));
  const file = parsed.data;
  if (file.host !== host) return bad(`it is about ${JSON.stringify(file.host)}`);
  const age = Date.parse(file.expires) - Date.parse(file.at);
  if (age <= 0 || age > LONGEST_MS) return bad('"expires" must be after "at", by 15 minutes at most');
  if (Date.parse(file.at) > now.getTime() + CLOCK_AHEAD_MS) return bad('"at" is in the future');
  const problem = file.method === 'operator-attestation' ? attestationProblem(file) : stateProblem(file);
  if (problem !== null) return bad(problem);
  const { at, expires, by, method, second, volume, statement, state, access, sessions } = file;
  const answers = [JSON.parse(JSON.stringify({ state, access, sessions })) as Record<string, unknown>];
  const attested = method === 'operator-attestation' ? { second, volume, statement } : {};
  return {
    evidence: { host, method, answers, at, expires, by, ...(JSON.parse(JSON.stringify(attested)) as object) },
    problem: '',
  };
}

function attestationProblem({ by, second, volume, statement }: EvidenceFile): string | null {
  if (second === undefined || second.trim().toLowerCase() === by.trim().toLowerCase()) {
    return 'an attestation needs a second person in "second", another one than "by"';
  }
  if (volume === undefined) return 'an attestation names the one volume that it is about in "volume"';
  return statement === undefined ? 'an attestation says in "statement" what was seen, and how' : null;
}

function stateProblem(file: EvidenceFile): string | null {
  const expect = file.method === 'bmc-power-off' ? ['off'] : ['terminated'];
  const method = file.method === 'operator-attestation' ? 'bmc-power-off' : file.method;
  const { state, access, sessions } = file;
  const finding = judgeObject({ method, expect }, file.host, { state, access, sessions });
  return finding.kind === 'fenced' ? null : finding.why;
}
