import { create } from 'xmlbuilder';
import type { HostRecord, RunRecord, TaskRecord, VolumeRecord } from '../journal/run-record.js';
import { printable } from '../transport/printable.js';

/** One test of the report: a volume on a host, or a host where no volume is concerned. */
interface Case {
  readonly name: string;
  readonly seconds: number;
  readonly kind: 'passed' | 'failure' | 'error' | 'skipped';
  readonly code?: string;
  readonly message?: string;
}

/**
 * A run in the JUnit XML that pipelines read: a suite for each verb, a test for each volume on each host. `failure` is a no of the host (failed, refused),
 * `error` that nobody knows (unknown, unreachable, not finished), `skipped` that its turn did not come.
 */
export function junitXml(run: RunRecord): string {
  const suites = run.tasks.map((task) => ({ task, cases: casesOf(task) }));
  const all = suites.flatMap(({ cases }) => cases);
  const root = create('testsuites', { encoding: 'UTF-8' });
  attributes(root, all).att('name', `longshore ${run.start.verb} ${run.start.run}`);
  for (const { task, cases } of suites) {
    const { name, verb, t } = task.start;
    const suite = attributes(root.ele('testsuite'), cases)
      .att('name', clean(name === undefined ? verb : `${name}: ${verb}`))
      .att('timestamp', t.replace(/\.\d+Z$/, ''));
    for (const one of cases) {
      const element = suite.ele('testcase', {
        classname: `longshore.${verb}`,
        name: clean(one.name),
        time: one.seconds.toFixed(3),
      });
      if (one.kind === 'skipped')
        element.ele('skipped', one.message === undefined ? {} : { message: clean(one.message) });
      else if (one.kind !== 'passed') {
        element.ele(one.kind, { type: one.code ?? 'E_UNKNOWN', message: clean(one.message ?? '') });
      }
    }
  }
  return `${root.end({ pretty: true })}\n`;
}

function attributes(element: ReturnType<typeof create>, cases: readonly Case[]): ReturnType<typeof create> {
  const count = (kind: Case['kind']): number => cases.filter((one) => one.kind === kind).length;
  const seconds = cases.reduce((sum, one) => sum + one.seconds, 0).toFixed(3);
  return element
    .att('tests', cases.length)
    .att('failures', count('failure'))
    .att('errors', count('error'))
    .att('skipped', count('skipped'))
    .att('time', seconds);
}

function casesOf(task: TaskRecord): readonly Case[] {
  return [...task.hosts.values()].flatMap((host) => {
    const volumes = [...host.volumes.values()];
    return volumes.length === 0 ? [caseOf(host, null)] : volumes.map((volume) => caseOf(host, volume));
  });
}

function caseOf(host: HostRecord, volume: VolumeRecord | null): Case {
  const name = volume === null ? host.name : `${host.name} ${volume.name}`;
  const begin = host.started === null ? null : Date.parse(host.started);
  const end = volume?.ended?.t ?? host.ended?.t;
  const seconds = begin === null || end === undefined ? 0 : Math.max(0, Date.parse(end) - begin) / 1000;
  if (host.started === null) return { name, seconds, kind: 'skipped', message: 'its turn did not come' };
  const outcome = volume?.ended?.outcome ?? host.ended?.outcome;
  if (outcome === undefined) {
    return { name, seconds, kind: 'error', code: 'E_OUTCOME_UNKNOWN', message: 'the run ended before this host did' };
  }
  if (outcome === 'ok' || outcome === 'changed') return { name, seconds, kind: 'passed' };
  const error = volume?.ended?.error ?? host.ended?.error;
  const kind = outcome === 'failed' || outcome === 'refused' ? 'failure' : 'error';
  return {
    name,
    seconds,
    kind,
    message: `${outcome}: ${error?.message ?? 'no reason was given'}`,
    ...(error === undefined ? {} : { code: error.code }),
  };
}

/** XML 1.0 has no place for control characters, escaped or not. */
function clean(text: string): string {
  return printable(text);
}
