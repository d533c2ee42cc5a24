import { foldNames } from '../../inventory/patterns/fold-names.js';
import { overrideText } from '../../journal/override.js';
import type { HostRecord, RunRecord, TaskRecord } from '../../journal/run-record.js';
import { formatMs, plural } from '../units.js';
import { stories } from './changes.js';
import { html, type Html } from './html.js';
import { countsOf, outcomeClass } from './outcomes.js';
import { STYLE } from './style.js';
import { timeline } from './timeline.js';

/**
 * A run as one HTML file that needs nothing else: no script, no other file, no network. What stands in the journal is escaped. The words `state`
 * say how the run ended, such as `finished` or `its controller died`.
 */
export function runPage(run: RunRecord, state: string): string {
  const { start } = run;
  const durationMs = Date.parse(run.lastAt) - Date.parse(start.t);
  const page = html`<!doctype html>
    <html lang="en">
      <head>
        <meta charset="utf-8" />
        <meta name="viewport" content="width=device-width, initial-scale=1" />
        <title>Longshore ${start.verb}, run ${start.run}</title>
        <style>
          ${STYLE}
        </style>
      </head>
      <body>
        <h1>longshore ${start.verb}</h1>
        <dl>
          <dt>Run</dt>
          <dd class="mono">${start.run}</dd>
          <dt>Begun</dt>
          <dd>${start.t}</dd>
          <dt>State</dt>
          <dd>${state}, ${formatMs(durationMs)}</dd>
          <dt>Hosts</dt>
          <dd>${foldNames(start.hosts)} (${start.hosts.length})</dd>
          ${
            start.inventory === null
              ? ''
              : html`<dt>Inventory</dt>
                  <dd class="mono">${start.inventory}</dd>`
          }
          ${run.tasks.flatMap(({ start: { overrides = [] } }) =>
            overrides.map(
              (one) =>
                html`<dt>Override</dt>
                  <dd>${overrideText(one)}</dd>`,
            ),
          )}
          <dt>By</dt>
          <dd>${start.controller.user} on ${start.controller.machine}, Longshore ${start.controller.version}</dd>
        </dl>
        ${run.tasks.map((task) => section(run, task))}
      </body>
    </html> `;
  return page.text;
}

function section(run: RunRecord, task: TaskRecord): Html {
  const hosts = [...task.hosts.values()];
  const name = task.start.name === undefined ? task.start.verb : `${task.start.name}: ${task.start.verb}`;
  return html`<section>
    <h2>${name}</h2>
    <p>${plural(hosts.length, 'host')}: ${badges(hosts)}</p>
    <div class="card">${timeline(run, task)}</div>
    ${stories(task)}
  </section> `;
}

function badges(hosts: readonly HostRecord[]): Html[] {
  return countsOf(hosts).map(([end, count]) => html`<span class="badge ${outcomeClass(end)}">${count} ${end}</span> `);
}
