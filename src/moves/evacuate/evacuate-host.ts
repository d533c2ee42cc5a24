import { LongshoreError } from '../../errors/longshore-error.js';
import type { HostResult } from '../../fleet/fleet-result.js';
import { meetHosts, type OnHost } from '../../fleet/meet-hosts.js';
import type { InventoryHost } from '../../inventory/inventory.js';
import { requireNotDirty } from '../dirty/refuse-dirty.js';
import { checkedEvidence, type EvidenceSource, fileEvidence, noEvidence } from '../evidence/evidence-source.js';
import { hostsDeclaring, othersWith } from '../elsewhere.js';
import type { MoveServices } from '../move-services.js';
import { chooseEvacuees, type Evacuee } from './choose-evacuees.js';
import { type EvacuationReport, evacuate } from './evacuate.js';
import { findingsOfEvacuation } from './evacuation-findings.js';

/** What is to be evacuated, as the user says it. */
export interface EvacuateRequest {
  readonly from: InventoryHost;
  /** in the order in which they are filled */
  readonly to: readonly InventoryHost[];
  /** every host of the inventory: any of them may have a volume that it declares */
  readonly all: readonly InventoryHost[];
  /** names; empty: all that inventory and ledger have at the source */
  readonly volumes: readonly string[];
  /** a file with evidence; absent: the check that the inventory gives for the source */
  readonly evidenceFile?: string;
  readonly acceptAttestation: boolean;
  /** why one volume is taken of which nothing is on record */
  readonly unrecorded?: string;
}

export interface HostEvacuation {
  readonly report: EvacuationReport;
  readonly hosts: ReadonlyMap<string, HostResult>;
}

/**
 * Gives the volumes of a host that does not answer to others. Throws `E_USAGE` for what cannot be meant and `E_HOST_DIRTY` for a destination
 * that is dirty itself, before anything is connected to.
 */
export async function evacuateHost(request: EvacuateRequest, services: MoveServices): Promise<HostEvacuation> {
  const { from, to, volumes, unrecorded } = request;
  if (to.some(({ name }) => name === from.name)) {
    throw new LongshoreError('E_USAGE', `${from.name} cannot be evacuated to itself`);
  }
  if (unrecorded !== undefined && volumes.length !== 1) {
    throw new LongshoreError('E_USAGE', 'a volume without a record is taken by itself: name exactly one volume');
  }
  const entries = await services.ledger.entries();
  for (const { name } of to) requireNotDirty(entries, name);
  const choice = chooseEvacuees({ from, to, entries, wanted: volumes, unrecorded: unrecorded !== undefined });
  const wwids = choice.evacuees.map(({ wwid }) => wwid);
  const others = hostsDeclaring(request.all, wwids, [from.name]);
  const destinations = new Set(to.map(({ name }) => name));
  const asked = [...to, ...others.filter(({ name }) => !destinations.has(name))];
  let report: EvacuationReport | undefined;
  const hosts = await meetHosts([from, ...asked], services.onHost, async (reached) => {
    const source = reached.get(from.name);
    report = await evacuate({
      from: from.name,
      choice,
      reached,
      silence: source instanceof LongshoreError ? source : null,
      knock: () => knock(from, services.onHost),
      evidence: evidenceSource(request, choice.evacuees, services),
      othersWith: ({ wwid, to: destination }) => {
        const beside = others.filter(({ name }) => name !== destination);
        return othersWith(beside, wwid, reached);
      },
      connectorFor: services.connectorFor,
      ledger: services.ledger,
      runId: services.runId,
      now: services.now,
      planOnly: services.planOnly,
      ...(services.memory === undefined ? {} : { memory: services.memory }),
      ...(unrecorded === undefined ? {} : { unrecorded }),
    });
    return findingsOfEvacuation(report);
  });
  if (report === undefined) throw new LongshoreError('E_INTERRUPTED', 'interrupted before anything was begun');
  return { report, hosts };
}

function evidenceSource(
  { from, evidenceFile, acceptAttestation }: EvacuateRequest,
  evacuees: readonly Evacuee[],
  tools: MoveServices,
): EvidenceSource {
  if (evidenceFile !== undefined) {
    const names = evacuees.map(({ volume }) => volume);
    return fileEvidence(from.name, evidenceFile, names, { acceptAttestation, tools });
  }
  if (from.fencing !== undefined) return checkedEvidence(from, from.fencing, tools);
  const error = noEvidence(from.name, 'the inventory has no longshore_fencing for it, and no evidence file was given');
  return { what: 'none', obtain: () => Promise.reject(error) };
}

/** Tries the host once more. Only silence is silence: a refused login or another host key is an answer. */
async function knock(host: InventoryHost, onHost: OnHost<InventoryHost>): Promise<void> {
  const result = await onHost(host, () => Promise.resolve({ outcome: 'ok' }));
  if (result?.error?.code === 'E_UNREACHABLE') return;
  const how = result?.error === undefined ? '' : ` (${result.error.message})`;
  throw new LongshoreError('E_HOST_ANSWERS', `${host.name} answers again${how}: nothing more is attached elsewhere`, {
    host: host.name,
    remedy: `it is marked dirty: reboot it with its array access closed, then longshore clean --limit ${host.name}`,
  });
}
