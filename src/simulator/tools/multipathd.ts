import type { SimulatedHost } from '../host-model.js';
import { kernelName } from '../model/device-mapper.js';
import { topology } from './multipath.js';
import { complained, lines, printed, type Tool, type ToolResult } from './tool.js';

const OK = printed('ok\n');
const FAIL = complained('', 1, 'fail\n');

/** multipathd as a client of the running daemon (0.9.4): `multipathd show paths ...`, also after `-k`. */
export const multipathd: Tool = async ({ host, argv, signal }) => {
  const words = argv.slice(1).flatMap((word) => (word.startsWith('-k') ? word.slice(2).split(' ') : [word]));
  const [verb = '', noun = '', ...rest] = words.filter((word) => word !== '');
  if (!host.multipath.running) return complained('error connecting to multipathd', 1);
  switch (verb) {
    case 'show':
    case 'list':
      return show(host, noun, rest);
    case 'add':
      return noun === 'path' && host.multipath.addPath(name(rest[0])) ? OK : FAIL;
    case 'del':
    case 'remove':
      return remove(host, noun, name(rest[0]), signal);
    case 'resize':
      return resize(host, name(rest[0]));
    case 'reload':
      return reload(host, name(rest[0]));
    case 'disablequeueing':
    case 'restorequeueing':
      return queueing(host, name(rest[0]), verb === 'restorequeueing');
    case 'reconfigure':
      return OK;
    default:
      return complained('', 1, 'fail\n');
  }
};

function show(host: SimulatedHost, noun: string, rest: readonly string[]): ToolResult {
  const format = rest.at(rest.indexOf('format') + 1);
  switch (noun) {
    case 'status': {
      const count = host.multipath.paths.length;
      return printed(`path checker states:\nup                  ${count}\n\npaths: ${count}\nbusy: False\n`);
    }
    case 'paths':
      if (rest.includes('format')) return printed(answer(pathRows(host, format ?? '')));
      return printed(answer(pathTable(host)));
    case 'maps': {
      const maps = host.deviceMapper.mappings.filter((map) => map.table.kind === 'multipath');
      const rows = maps.map((map) =>
        (rest.includes('format') ? (format ?? '') : '%n %d %w')
          .replaceAll('%n', map.name)
          .replaceAll('%w', map.name)
          .replaceAll('%d', kernelName(map)),
      );
      return printed(answer(rows));
    }
    case 'topology':
      return printed(host.deviceMapper.mappings.map((map) => topology(host, map)).join(''));
    case 'config':
      return printed(configText(host));
    case 'daemon':
      return printed('pid 301 idle\n');
    default:
      return FAIL;
  }
}

/** Of hardware and maps, only what is there is in it (`local`); the simulator has none that differs. */
function configText(host: SimulatedHost): string {
  const defaults = { ...host.condition.now.multipathDefaults, find_multipaths: host.multipath.findMultipaths };
  const entries = Object.entries(defaults).map(([name, value]) => `\t${name} "${value}"`);
  const blacklist = ['blacklist {', '\tdevnode "!^(sd[a-z]|dasd[a-z]|nvme[0-9])"', '}'];
  return lines([
    'defaults {',
    ...entries,
    '}',
    ...blacklist,
    'devices {',
    '}',
    'overrides {',
    '}',
    'multipaths {',
    '}',
  ]);
}

/** An empty answer is shown as `ok`. */
function answer(rows: readonly string[]): string {
  return rows.length === 0 ? 'ok\n' : lines(rows);
}

function pathRows(host: SimulatedHost, format: string): readonly string[] {
  return host.multipath.paths.map((path) => {
    const unit = host.scsi.unitOfDisk(path.name);
    const state = unit === undefined ? 'offline' : host.scsi.state(unit);
    return format
      .replaceAll('%d', path.name)
      .replaceAll('%D', path.dev)
      .replaceAll('%i', path.hctl)
      .replaceAll('%w', path.wwid)
      .replaceAll('%m', host.deviceMapper.multipathMap(path.wwid)?.name ?? '[orphan]')
      .replaceAll('%t', slotState(host, path.dev))
      .replaceAll('%o', state)
      .replaceAll('%T', state === 'running' ? 'ready' : 'faulty');
  });
}

function pathTable(host: SimulatedHost): readonly string[] {
  if (host.multipath.paths.length === 0) return [];
  return [
    'hcil    dev dev_t pri dm_st  chk_st dev_st  next_check',
    ...pathRows(host, '%i %d %D  50  %t %T  %o XXXX...... 2/4'),
  ];
}

function slotState(host: SimulatedHost, dev: string): string {
  for (const { table } of host.deviceMapper.mappings) {
    const slot = table.kind === 'multipath' ? table.paths.find((path) => path.dev === dev) : undefined;
    if (slot !== undefined) return slot.active ? 'active' : 'failed';
  }
  return 'undef';
}

async function remove(host: SimulatedHost, noun: string, what: string, signal: AbortSignal): Promise<ToolResult> {
  if (noun === 'path') return host.multipath.removePath(what) ? OK : FAIL;
  const map = host.deviceMapper.find(what);
  if (noun !== 'map' || map === undefined || map.table.kind !== 'multipath') return FAIL;
  return (await host.multipath.removeMap(map, signal)) === 'ok' ? OK : FAIL;
}

/** The map takes the size of its paths, which have to agree. */
function resize(host: SimulatedHost, what: string): ToolResult {
  const map = host.deviceMapper.find(what);
  if (map === undefined || map.table.kind !== 'multipath') return FAIL;
  const sizes = new Set(map.table.paths.map((path) => host.scsi.unitOfDev(path.dev)?.disk?.sizeBytes));
  const [size] = sizes;
  if (sizes.size !== 1 || size === undefined) return FAIL;
  map.sizeBytes = size;
  host.deviceMapper.reloaded();
  return OK;
}

/** The map is written again, read-only if a path of it is. */
function reload(host: SimulatedHost, what: string): ToolResult {
  const map = host.deviceMapper.find(what);
  if (map === undefined || map.table.kind !== 'multipath') return FAIL;
  map.readOnly = map.table.paths.some((path) => host.scsi.unitOfDev(path.dev)?.disk?.readOnly === true);
  host.deviceMapper.reloaded();
  return OK;
}

function queueing(host: SimulatedHost, what: string, queue: boolean): ToolResult {
  const map = host.deviceMapper.find(what);
  if (map === undefined || map.table.kind !== 'multipath') return FAIL;
  map.table.queueIfNoPath = queue;
  host.deviceMapper.reloaded();
  return OK;
}

/** `map NAME` or just `NAME`, as a kernel name or a path. */
function name(word: string | undefined): string {
  return (word ?? '').replace(/^\/dev\/(?:mapper\/)?/, '');
}
