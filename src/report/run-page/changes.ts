import { foldNames } from '../../inventory/patterns/fold-names.js';
import type { ChangeRecord, HostRecord, TaskRecord, VolumeRecord } from '../../journal/run-record.js';
import { gather } from '../gather.js';
import { plural } from '../units.js';
import { html, type Html } from './html.js';
import { outcomeClass, outcomeOf, worstFirst } from './outcomes.js';
import { topology } from './topology.js';

/** What a verb did to one volume on one host; for a command, the volume is absent. */
interface Story {
  readonly host: HostRecord;
  readonly volume: VolumeRecord | null;
}

/** What was changed, told once for all hosts on which it was the same, with the volume's paths as a picture. */
export function stories(task: TaskRecord): Html[] {
  const entries = worstFirst([...task.hosts.values()]).flatMap((host): (readonly [string, Story])[] => {
    const volumes = [...host.volumes.values()].map((volume) => [host.name, { host, volume }] as const);
    return host.changes.length > 0 || volumes.length === 0
      ? [[host.name, { host, volume: null }], ...volumes]
      : volumes;
  });
  return gather(entries, keyOf).map(({ names, value }) => story(names, value));
}

/** What kernels number as they please: disks, maps, addresses of SCSI devices. */
const KERNEL_NAMES = /\b(?:sd[a-z]+|dm-\d+|\d+:\d+:\d+:\d+)\b/g;

/** Kernel names and identities differ between hosts that are alike, and so do the numbers of their changes. */
function keyOf({ host, volume }: Story): string {
  const ended = volume?.ended;
  const wwid = ended?.wwid ?? volume?.definition.wwid ?? '';
  const alike = (text: string): string =>
    (wwid === '' ? text : text.replaceAll(wwid, '*')).replaceAll(KERNEL_NAMES, '*');
  return JSON.stringify([
    volume?.name,
    volume === null ? outcomeOf(host) : (ended?.outcome ?? outcomeOf(host)),
    volume?.found?.found.attached,
    changesOf({ host, volume }).map(({ intent, outcome }) => [alike(intent.step), outcome?.result]),
    ended?.paths.map(({ portal, state, identity }) => [portal, state, identity]),
    ended?.warnings.map(alike),
    ended?.left.map(alike),
    errorOf({ host, volume })?.code,
  ]);
}

function changesOf({ host, volume }: Story): readonly ChangeRecord[] {
  return volume === null ? host.changes : volume.changes;
}

function errorOf({
  host,
  volume,
}: Story): { readonly code: string; readonly message: string; readonly remedy?: string | undefined } | undefined {
  return volume?.ended?.error ?? (volume === null || volume.ended === null ? host.ended?.error : undefined);
}

function story(names: readonly string[], told: Story): Html {
  const { host, volume } = told;
  const outcome = volume?.ended?.outcome ?? outcomeOf(host);
  const error = errorOf(told);
  const ended = volume?.ended ?? null;
  const example =
    names.length === 1
      ? ''
      : html`<p class="soft">Names and commands are those of ${host.name}; alike on the others.</p>`;
  return html`<div class="card">
    <h3>
      ${foldNames(names)}${volume === null ? '' : html` <span class="soft">volume</span> ${volume.name}`}
      <span class="badge ${outcomeClass(outcome)}">${outcome}</span>
    </h3>
    ${names.length === 1 ? '' : html`<p class="soft">${plural(names.length, 'host')}</p>`}${before(volume)}${
      error === undefined
        ? ''
        : html`<p class="${outcomeClass(outcome)}"><code>${error.code}</code> ${error.message}</p>
            ${error.remedy === undefined ? '' : html`<p>${error.remedy}</p>`}`
    }${changeList(changesOf(told))}${
      ended === null || ended.paths.length === 0
        ? ''
        : topology(host.name, { ...ended, deviceInfo: ended.deviceInfo ?? volume?.found?.found.deviceInfo ?? null })
    }${(ended?.warnings ?? []).map((text) => html`<p class="unreachable">Warning: ${text}</p>`)}${
      (ended?.left ?? []).length === 0
        ? ''
        : html`<p class="unknown">May be left on the host: ${(ended?.left ?? []).join(', ')}</p>`
    }${ended?.wwid == null ? '' : html`<p class="soft mono">WWID ${ended.wwid}</p>`}${example}
  </div>`;
}

function before(volume: VolumeRecord | null): Html | string {
  const found = volume?.found?.found;
  if (found === undefined) return '';
  const sessions = found.sessions.length === 0 ? '' : `; ${plural(found.sessions.length, 'session')} to its targets`;
  return html`<p class="soft">Before: ${found.attached ? 'attached' : 'not attached'}${sessions}.</p>`;
}

function changeList(changes: readonly ChangeRecord[]): Html {
  if (changes.length === 0) return html`<p>Nothing was changed.</p>`;
  return html`<ol class="changes">
    ${changes.map(({ intent, outcome }) => {
      const result = outcome?.result ?? 'not known: the run ended before it could say';
      const shade = result === 'ok' ? 'ok' : result === 'failed' ? 'failed' : 'unknown';
      return html`<li>
        ${intent.what}
        <span class="${shade}">${result}</span
        >${intent.command === undefined ? '' : html`<br /><code class="soft">${intent.command}</code>`}
      </li>`;
    })}
  </ol>`;
}
