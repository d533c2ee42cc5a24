import type { RunRecord } from './run-record.js';

/** Hosts that a run has begun and that did not come out of it well, or of which nobody knows how they did. Hosts that it never began are not in it. */
export function failedHosts(record: RunRecord): ReadonlySet<string> {
  const failed = new Set<string>();
  for (const task of record.tasks) {
    for (const { name, started, ended } of task.hosts.values()) {
      const isWell = ended === null ? started === null : ended.outcome === 'ok' || ended.outcome === 'changed';
      if (!isWell) failed.add(name);
    }
  }
  return failed;
}
