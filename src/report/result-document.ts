import type { VolumeResult } from '../connectors/connector.js';
import type { StepReport } from '../connectors/engine/step.js';
import type { LongshoreError } from '../errors/longshore-error.js';
import type { FleetResult, HostResult } from '../fleet/fleet-result.js';
import { asLongshoreError } from '../fleet/outcome.js';
import type { RunbookResult, StepResult } from '../runbook/run-result.js';
import type { ResultDocument, ResultError, ResultHost, ResultVolume } from './result-schema.js';
import { totalsOf } from './totals.js';

/** The `--json` document of a run. With `plan`, volumes also have their steps. */
export function resultDocument(result: FleetResult, options: { readonly plan?: boolean } = {}): ResultDocument {
  const plan = options.plan === true;
  const hosts = [...result.hosts].map(([name, host]) => [name, hostDocument(host, plan)] as const);
  return {
    run: result.run,
    verb: result.verb,
    ...(plan ? { plan } : {}),
    ...(result.resumes === undefined ? {} : { resumes: { ...result.resumes } }),
    ...(result.interrupted ? { interrupted: true } : {}),
    notRun: [...result.notRun],
    hosts: Object.fromEntries(hosts),
    totals: totalsOf(result),
    ...(result.stopped === undefined ? {} : { stopped: { ...result.stopped } }),
  };
}

/** The same of a run of a playbook, with what each step did. */
export function runbookDocument(result: RunbookResult): ResultDocument {
  return {
    ...resultDocument(result),
    unfinished: [...result.unfinished],
    plays: result.plays.map(({ name, batches }) => ({
      name,
      batches: batches.map(({ hosts, steps }) => ({ hosts: [...hosts], steps: steps.map(stepResultDocument) })),
    })),
  };
}

function stepResultDocument({ kind, title, works }: StepResult): StepDocument {
  return {
    kind,
    title,
    works: works.map(({ host, subject, outcome, message, warnings, error }) => ({
      host,
      subject,
      outcome,
      message,
      warnings: [...warnings],
      ...(error === undefined ? {} : { error: errorDocument(error) }),
    })),
  };
}

type StepDocument = NonNullable<ResultDocument['plays']>[number]['batches'][number]['steps'][number];

/**
 * A document as text for stdout. DEL and the C1 control characters, which JSON leaves as they are and which some terminals obey,
 * are escaped too: what is in there may come from a host.
 */
export function jsonText(document: unknown, indent: number = 2): string {
  const text = JSON.stringify(document, null, indent);
  // eslint-disable-next-line no-control-regex -- control characters are what this is about
  return text.replace(/[\u007f-\u009f]/g, (char) => `\\u${char.charCodeAt(0).toString(16).padStart(4, '0')}`) + '\n';
}

function hostDocument(host: HostResult, plan: boolean): ResultHost {
  const volumes = [...(host.volumes ?? [])].map(([name, volume]) => [name, volumeDocument(volume, plan)] as const);
  return {
    outcome: host.outcome,
    roundTrips: host.roundTrips,
    remoteProcesses: host.remoteProcesses,
    bytesIn: host.bytesIn,
    bytesOut: host.bytesOut,
    durationMs: roundMs(host.durationMs),
    ...(host.error === undefined ? {} : { error: errorDocument(host.error) }),
    volumes: Object.fromEntries(volumes),
    ...(host.command === undefined ? {} : { command: { ...host.command } }),
    ...(host.facts === undefined ? {} : { facts: { ...host.facts } }),
    ...(host.ping === undefined
      ? {}
      : { ping: { ...host.ping, connectMs: roundMs(host.ping.connectMs), latencyMs: roundMs(host.ping.latencyMs) } }),
  };
}

function volumeDocument(volume: VolumeResult, plan: boolean): ResultVolume {
  return {
    outcome: volume.outcome,
    deviceInfo: volume.deviceInfo === undefined ? null : { ...volume.deviceInfo },
    sizeBytes: volume.sizeBytes ?? null,
    paths: volume.paths.map((path) => ({ ...path })),
    warnings: [...volume.warnings],
    ...(volume.error === undefined ? {} : { error: errorDocument(asLongshoreError(volume.error)) }),
    ...(plan ? { steps: volume.steps.map(stepDocument) } : {}),
  };
}

function stepDocument({ guards, changes, ...step }: StepReport): NonNullable<ResultVolume['steps']>[number] {
  return { ...step, changes: [...changes], ...(guards === undefined ? {} : { guards: [...guards] }) };
}

export function errorDocument(error: LongshoreError): ResultError {
  const { step, remedy, command, stderr } = error.details;
  return {
    code: error.code,
    message: error.message,
    step: step ?? null,
    ...(remedy === undefined ? {} : { remedy }),
    ...(command === undefined ? {} : { command }),
    ...(stderr === undefined || stderr === '' ? {} : { stderr }),
  };
}

function roundMs(ms: number): number {
  return Math.round(ms * 10) / 10;
}
