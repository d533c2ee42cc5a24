import type { VolumeEnd } from '../../journal/run-record.js';
import { formatBytes } from '../units.js';
import { html, type Html } from './html.js';

const BOX = { width: 210, height: 40 };
const GAP = { x: 90, y: 14 };
const LIVE_STATES: readonly string[] = ['active', 'running', 'live'];

/** The way from the host by each portal and path to the device that is handed out, as a picture. Paths that are missing are dashed. */
export function topology(host: string, volume: VolumeEnd): Html {
  const { paths } = volume;
  const column = (index: number): number => 1 + index * (BOX.width + GAP.x);
  const lines = Math.max(1, paths.length);
  const height = lines * (BOX.height + GAP.y);
  const middle = (height - GAP.y - BOX.height) / 2 + 1;
  const device = volume.deviceInfo?.path ?? 'no device';
  const isMap = volume.deviceInfo?.multipath_id !== undefined;
  const size = volume.sizeBytes === null ? '' : `, ${formatBytes(volume.sizeBytes)}`;
  const width = column(3) + BOX.width + 1;
  const drawn = paths.map((path, index) => {
    const y = 1 + index * (BOX.height + GAP.y);
    const isThere = path.state !== 'missing';
    const shade = LIVE_STATES.includes(path.state) ? 'ok' : isThere ? 'unreachable' : 'failed';
    const gone = isThere ? '' : 'gone';
    return html`<g class="${shade}"
        >${link(column(0), middle, column(1), y, gone)}${link(column(1), y, column(2), y, gone)}${link(column(2), y, column(3), middle, gone)}</g
      >${box(column(1), y, path.portal === '' ? 'unknown portal' : path.portal, 'portal')}${box(column(2), y, isThere ? `${path.device}  ${path.hctl}` : 'no path', `${path.state}${isThere ? `, identity ${path.identity}` : ''}`)}`;
  });
  return html`<svg
    role="img"
    aria-label="paths of ${volume.volume} on ${host}"
    viewBox="0 0 ${width} ${height}"
    width="${width}"
    height="${height}"
  >
    ${drawn}${box(column(0), middle, host, 'host')}${box(column(3), middle, device, `${isMap ? 'multipath map' : volume.deviceInfo === null ? 'not attached' : 'single path'}${size}`)}
  </svg>`;
}

function box(x: number, y: number, title: string, subtitle: string): Html {
  return html`<rect class="box" x="${x}" y="${y}" width="${BOX.width}" height="${BOX.height}" rx="4" /><text
      x="${x + 8}"
      y="${y + 17}"
      >${short(title)}</text
    ><text class="soft" x="${x + 8}" y="${y + 33}">${short(subtitle)}</text>`;
}

function link(fromX: number, fromY: number, toX: number, toY: number, gone: string): Html {
  const [x1, y1, y2] = [fromX + BOX.width, fromY + BOX.height / 2, toY + BOX.height / 2];
  const bend = (x1 + toX) / 2;
  return html`<path class="link ${gone}" d="M ${x1} ${y1} C ${bend} ${y1} ${bend} ${y2} ${toX} ${y2}" />`;
}

function short(text: string): string {
  return text.length <= 34 ? text : `${text.slice(0, 33)}…`;
}
