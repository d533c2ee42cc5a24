import { z } from 'zod';

/** Ways to know that a host cannot write any more, from the strongest to the weakest. Time, ping and SSH are none (rule S21). */
export const EVIDENCE_METHODS = [
  'bmc-power-off',
  'array-access-removed',
  'instance-terminated',
  'operator-attestation',
] as const;

const name = z.string().min(1).max(255);

/** Proof that a host is fenced, as it was obtained: it expires, and is obtained anew before each use. */
export const evidenceSchema = z.strictObject({
  host: name,
  method: z.enum(EVIDENCE_METHODS),
  /** what was answered, one for each time that it was asked; what looks like a secret is taken out */
  answers: z.array(z.record(z.string(), z.unknown())).min(1),
  /** when the last answer came, and until when it may be acted on; ISO 8601, UTC */
  at: z.iso.datetime(),
  expires: z.iso.datetime(),
  /** who obtained it: user and machine, or the person who attests */
  by: name,
  /** operator-attestation: the second person */
  second: name.optional(),
  /** operator-attestation: the one volume that it is about, and what was seen */
  volume: name.optional(),
  statement: z.string().min(1).max(2000).optional(),
});
export type Evidence = z.output<typeof evidenceSchema>;
