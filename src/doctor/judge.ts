import type { HostFacts } from './host-facts.js';
import { SEVERITIES, type Finding, type RuleText, type Severity } from './rule.js';
import { FLEET_RULES } from './rules/fleet-rules.js';
import { HEALTH_RULES } from './rules/health-rules.js';
import { ISCSI_RULES } from './rules/iscsi-rules.js';
import { MULTIPATH_RULES } from './rules/multipath-rules.js';
import { STATE_RULES } from './rules/state-rules.js';

const HOST_RULES = [...HEALTH_RULES, ...STATE_RULES, ...ISCSI_RULES, ...MULTIPATH_RULES];

/** Every rule, in the order of docs/doctor.md. */
export const RULES: readonly RuleText[] = [...FLEET_RULES, ...HOST_RULES];

/** Judges all hosts, each by itself and beside the others. Pure. The gravest findings come first. */
export function judgeFleet(fleet: ReadonlyMap<string, HostFacts>): ReadonlyMap<string, readonly Finding[]> {
  const besides = FLEET_RULES.map((rule) => ({ rule, found: rule.find(fleet) }));
  const judged = [...fleet].map(([host, facts]) => {
    const ofFleet = besides.flatMap(({ rule, found }) => (found.get(host) ?? []).map((what) => ({ rule, what })));
    const own = HOST_RULES.flatMap((rule) => rule.find(facts).map((what) => ({ rule, what })));
    return [host, [...ofFleet, ...own].sort(byGravity)] as const;
  });
  return new Map(judged);
}

/** The gravest severity; null when nothing was found. */
export function worstSeverity(findings: readonly Finding[]): Severity | null {
  return SEVERITIES[Math.max(-1, ...findings.map(gravity))] ?? null;
}

function byGravity(a: Finding, b: Finding): number {
  return gravity(b) - gravity(a);
}

function gravity({ rule }: Finding): number {
  return SEVERITIES.indexOf(rule.severity);
}
