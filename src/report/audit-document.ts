import type { FleetResult } from '../fleet/fleet-result.js';
import type { FleetAudit, HostAudit } from '../sweep/audit-fleet.js';
import { CROSS_RULES } from '../sweep/cross-host.js';
import type { AuditDocument } from './audit-schema.js';
import { resultDocument } from './result-document.js';

/** What `audit` saw and what it makes of it; a host that could not be looked at is in the result alone. */
export interface AuditReport {
  readonly result: FleetResult;
  readonly audit: FleetAudit;
}

/** The `--json` document of an audit. */
export function auditDocument({ result, audit }: AuditReport): AuditDocument {
  const { run, interrupted, notRun, hosts, totals } = resultDocument(result);
  return {
    run,
    verb: 'audit',
    ...(interrupted === undefined ? {} : { interrupted }),
    notRun,
    outage: audit.outage,
    hosts: Object.fromEntries(
      Object.entries(hosts).map(([name, { volumes: _, ...host }]) => [
        name,
        { ...host, ...hostPart(audit.hosts.get(name)) },
      ]),
    ),
    crossHost: audit.crossHost.map(({ rule, hosts: names, subject, what }) => ({
      rule,
      hosts: [...names],
      subject,
      what,
      reason: CROSS_RULES[rule],
    })),
    totals,
  };
}

function hostPart(
  host: HostAudit | undefined,
): Pick<AuditDocument['hosts'][string], 'objects' | 'blocked' | 'unknowns'> {
  if (host === undefined) return { objects: [], blocked: null, unknowns: [] };
  const { snapshot, objects } = host;
  return {
    objects: objects.map(({ kind, key, title, class: verdict, reasons }) => ({
      kind,
      key,
      title,
      class: verdict,
      reasons: [...reasons],
    })),
    blocked: snapshot.blocked?.map(({ pid, name }) => ({ pid, name })) ?? null,
    unknowns: [...snapshot.storage.unknowns, ...snapshot.unknowns].map(({ subject, reason }) => ({ subject, reason })),
  };
}
