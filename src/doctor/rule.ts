import type { HostFacts } from './host-facts.js';

/** From harmless to grave. `notice`: worth knowing; `warning`: will hurt one day; `problem`: hurts now, or blocks work on volumes. */
export const SEVERITIES = ['notice', 'warning', 'problem'] as const;
export type Severity = (typeof SEVERITIES)[number];

/** One thing that the doctor looks for. All but `find` is for people; `docs/doctor.md` has it as a table. */
export interface RuleText {
  /** stable: match on it */
  readonly id: string;
  readonly severity: Severity;
  /** what is read on the host */
  readonly reads: string;
  /** when it is a finding */
  readonly when: string;
  readonly reason: string;
  /** what to write or do instead */
  readonly instead: string;
  /** where this is known from */
  readonly source: string;
}

/** A rule about one host by itself. */
export interface HostRule extends RuleText {
  /** the evidence, one text for each finding; none when all is well. Text from the host may be in it: escape it for a terminal */
  readonly find: (facts: HostFacts) => readonly string[];
}

/** A rule that needs all hosts at once. */
export interface FleetRule extends RuleText {
  /** the evidence by host */
  readonly find: (fleet: ReadonlyMap<string, HostFacts>) => ReadonlyMap<string, readonly string[]>;
}

export interface Finding {
  readonly rule: RuleText;
  readonly what: string;
}
