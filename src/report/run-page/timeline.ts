import type { ChangeRecord, HostRecord, RunRecord, TaskRecord } from '../../journal/run-record.js';
import { formatMs, plural } from '../units.js';
import { html, type Html } from './html.js';
import { outcomeClass, outcomeOf, worstFirst } from './outcomes.js';

const LABELS = 190;
const WIDTH = 1120;
const ROW = 18;
const HEAD = 26;
/** More rows than anybody looks at; those that went well are left out first. */
const MOST_ROWS = 400;
/** A change that was over at once is still to be seen. */
const THINNEST = 2;

interface Scale {
  readonly from: number;
  readonly to: number;
}

/** When each host was at work, and what was changed when, as a picture; one for each verb of the run. */
export function timeline(run: RunRecord, task: TaskRecord): Html {
  const all = worstFirst([...task.hosts.values()]).filter((host) => host.started !== null);
  if (all.length === 0) return html`<p class="soft">No host was begun.</p>`;
  const hosts = all.slice(0, MOST_ROWS);
  const scale = scaleOf(hosts, Date.parse(run.lastAt));
  const height = HEAD + hosts.length * ROW + 4;
  const rows = hosts.map((host, index) => row(host, HEAD + index * ROW, scale));
  const left = all.length - hosts.length;
  return html`<svg
      role="img"
      aria-label="timeline"
      viewBox="0 0 ${WIDTH} ${height}"
      width="${WIDTH}"
      height="${height}"
    >
      ${grid(scale, height)}${rows}</svg
    >${
      left === 0
        ? ''
        : html`<p class="soft">${plural(left, 'more host')}, all with the best outcomes, are not drawn.</p>`
    }`;
}

function scaleOf(hosts: readonly HostRecord[], last: number): Scale {
  const from = Math.min(...hosts.map((host) => Date.parse(host.started ?? '')));
  const ends = hosts.map((host) => (host.ended === null ? last : Date.parse(host.ended.t)));
  return { from, to: Math.max(from + 1, ...ends) };
}

function at(scale: Scale, time: number): number {
  return LABELS + ((time - scale.from) / (scale.to - scale.from)) * (WIDTH - LABELS - 8);
}

function grid(scale: Scale, height: number): Html[] {
  const lengthMs = scale.to - scale.from;
  return [0, 0.25, 0.5, 0.75, 1].map((part) => {
    const x = at(scale, scale.from + lengthMs * part);
    const anchor = part === 0 ? 'start' : part === 1 ? 'end' : 'middle';
    return html`<line class="grid" x1="${x}" x2="${x}" y1="18" y2="${height}" /><text
        class="soft"
        x="${x}"
        y="12"
        text-anchor="${anchor}"
        >${formatMs(lengthMs * part)}</text
      >`;
  });
}

function row(host: HostRecord, y: number, scale: Scale): Html {
  const begin = Date.parse(host.started ?? '');
  const end = host.ended === null ? scale.to : Date.parse(host.ended.t);
  const outcome = outcomeOf(host);
  const changes = [...host.changes, ...[...host.volumes.values()].flatMap((volume) => volume.changes)];
  return html`<g class="${outcomeClass(outcome)}"
    ><title>${host.name}: ${outcome}, ${formatMs(end - begin)}</title
    ><text x="0" y="${y + 13}">${short(host.name)}</text
    ><rect
      class="bar"
      x="${at(scale, begin)}"
      y="${y + 2}"
      width="${Math.max(THINNEST, at(scale, end) - at(scale, begin))}"
      height="${ROW - 4}"
    />${changes.map((change) => step(change, y, scale))}</g
  >`;
}

function step({ intent, outcome }: ChangeRecord, y: number, scale: Scale): Html {
  const begin = Date.parse(intent.t);
  const end = outcome === null ? scale.to : Date.parse(outcome.t);
  const result = outcome?.result ?? 'not known';
  const shade = result === 'ok' ? '' : result === 'failed' ? 'failed' : 'unknown';
  return html`<rect
    class="step ${shade}"
    opacity=".7"
    x="${at(scale, begin)}"
    y="${y + 5}"
    width="${Math.max(THINNEST, at(scale, end) - at(scale, begin))}"
    height="${ROW - 10}"
    ><title>${intent.what}: ${result}, ${formatMs(end - begin)}</title></rect
  >`;
}

function short(name: string): string {
  return name.length <= 28 ? name : `${name.slice(0, 27)}…`;
}
