import type { SimulatedHost } from '../host-model.js';
import { DM_MAJOR, type DmMapping, kernelName, slaveDevs } from '../model/device-mapper.js';
import { hasOption, lastValue, type OptionSpec, type ParsedOptions, parseOptions } from './options.js';
import { complained, lines, printed, type Tool, type ToolResult } from './tool.js';

const OPTIONS: readonly OptionSpec[] = [
  { name: 'columns', letter: 'c' },
  { name: 'noheadings' },
  { name: 'separator', takesValue: true },
  { name: 'options', letter: 'o', takesValue: true },
  { name: 'target', takesValue: true },
  { name: 'uuid', letter: 'u', takesValue: true },
  { name: 'noflush' },
  { name: 'force', letter: 'f' },
  { name: 'retry' },
];

const HEADINGS: Readonly<Record<string, string>> = {
  name: 'Name',
  uuid: 'UUID',
  major: 'Maj',
  minor: 'Min',
  open: 'Open',
  segments: 'Targ',
  events: 'Event',
  attr: 'Stat',
  suspended: 'Suspended',
  blkdevname: 'BlkDevName',
};

/** dmsetup 1.02: info, status, table, deps, ls, message, remove. */
export const dmsetup: Tool = ({ host, argv }) => {
  const [verb = '', ...words] = argv.slice(1).filter((word, index) => index > 0 || word !== '');
  const options = parseOptions(words, OPTIONS);
  if (options.unknown !== null)
    return complained(`dmsetup: unrecognized option '${options.unknown}'\nCouldn't process command line.`, 3);
  if (verb === 'message') return message(host, options.operands);
  const given = lastValue(options, 'uuid') ?? options.operands[0];
  const several = options.operands.map((name) => host.deviceMapper.find(name)).filter((one) => one !== undefined);
  const wanted = options.operands.find((name) => host.deviceMapper.find(name) === undefined) ?? given;
  const found = wanted === undefined ? null : host.deviceMapper.find(wanted);
  if (wanted !== undefined && found === undefined) {
    const problem =
      verb === 'remove' ? `device-mapper: remove ioctl on ${wanted}  failed: No such device or address\n` : '';
    return complained(`${problem === '' ? `Device ${wanted} not found\n` : problem}Command failed.`, 1);
  }
  const mappings = found === null ? host.deviceMapper.mappings : several.length > 0 ? several : [found as DmMapping];
  switch (verb) {
    case 'info':
      return info(host, mappings, options);
    case 'status':
    case 'table':
      return segments(host, mappings, options, verb, wanted !== undefined);
    case 'ls':
      return printed(none(mappings) ?? lines(mappings.map((map) => `${map.name}\t(${DM_MAJOR}:${map.minor})`)));
    case 'deps':
      return printed(none(mappings) ?? lines(mappings.map((map) => dependencies(map, wanted !== undefined))));
    case 'remove':
      return found === null || found === undefined ? complained('Command failed.', 1) : remove(host, found);
    default:
      return complained('Usage: dmsetup ...', 1);
  }
};

function none(mappings: readonly unknown[]): string | null {
  return mappings.length === 0 ? 'No devices found\n' : null;
}

function info(host: SimulatedHost, mappings: readonly DmMapping[], options: ParsedOptions): ToolResult {
  if (!hasOption(options, 'columns'))
    return printed(none(mappings) ?? mappings.map((map) => infoText(host, map)).join('\n'));
  const columns = (lastValue(options, 'options') ?? 'name,major,minor,attr,open,segments,events,uuid').split(',');
  const odd = columns.find((column) => HEADINGS[column] === undefined);
  if (odd !== undefined) return complained(`dmsetup: Unrecognised field: ${odd}\nCommand failed.`, 1);
  const separator = lastValue(options, 'separator') ?? ' ';
  const rows = mappings.map((map) => columns.map((column) => columnValue(host, map, column)).join(separator));
  const heading = hasOption(options, 'noheadings') ? [] : [columns.map((column) => HEADINGS[column]).join(separator)];
  return printed(none(mappings) ?? lines([...heading, ...rows]));
}

function columnValue(host: SimulatedHost, map: DmMapping, column: string): string {
  switch (column) {
    case 'name':
      return map.name;
    case 'uuid':
      return map.uuid;
    case 'major':
      return String(DM_MAJOR);
    case 'minor':
      return String(map.minor);
    case 'open':
      return String(host.multipath.openCount(map));
    case 'segments':
      return '1';
    case 'attr':
      return `${map.suspended ? 'S' : 'L'}--${map.readOnly ? 'r' : 'w'}`;
    case 'suspended':
      return map.suspended ? 'Suspended' : 'Active';
    case 'blkdevname':
      return kernelName(map);
    default:
      return '0';
  }
}

function infoText(host: SimulatedHost, map: DmMapping): string {
  return lines([
    `Name:              ${map.name}`,
    `State:             ${map.suspended ? 'SUSPENDED' : 'ACTIVE'}`,
    `Read Ahead:        256`,
    `Tables present:    LIVE`,
    `Open count:        ${host.multipath.openCount(map)}`,
    `Event number:      0`,
    `Major, minor:      ${DM_MAJOR}, ${map.minor}`,
    `Number of targets: 1`,
    `UUID: ${map.uuid}`,
  ]);
}

function segments(
  host: SimulatedHost,
  mappings: readonly DmMapping[],
  options: ParsedOptions,
  verb: 'status' | 'table',
  oneOnly: boolean,
): ToolResult {
  const target = lastValue(options, 'target');
  const chosen = mappings.filter(({ table }) => target === undefined || target === targetOf(table));
  const rows = chosen.map((map) => {
    const row = `0 ${map.sizeBytes / 512} ${targetOf(map.table)} ${verb === 'table' ? tableText(map) : statusText(host, map)}`;
    return oneOnly ? row : `${map.name}: ${row}`;
  });
  return printed(none(mappings) ?? lines(rows));
}

/** Numbers of the devices that a table refers to, whether they are still there or not. */
function dependencies(map: DmMapping, oneOnly: boolean): string {
  const devs = slaveDevs(map);
  const row = `${devs.length} dependencies\t:${devs.map((dev) => ` (${dev.replace(':', ', ')})`).join('')}`;
  return oneOnly ? row : `${map.name}: ${row}`;
}

function targetOf(table: DmMapping['table']): string {
  return table.kind === 'multipath' ? 'multipath' : table.target;
}

function tableText({ table }: DmMapping): string {
  if (table.kind === 'linear') return `${table.on} 0`;
  const features = table.queueIfNoPath ? '1 queue_if_no_path' : '0';
  const paths = table.paths.map(({ dev }) => `${dev} 1 1 `).join('');
  const groups = table.paths.length === 0 ? '0 0 ' : `1 1 service-time 0 ${table.paths.length} 2 ${paths}`;
  return `${features} 1 alua ${groups}`;
}

/** As drivers/md/dm-mpath.c prints it: features, handler, groups; each path with A or F and its failures. */
function statusText(host: SimulatedHost, map: DmMapping): string {
  if (map.table.kind === 'linear') return '';
  const { paths } = map.table;
  const queueing = host.multipath.openCount(map) > 0 && paths.every((path) => !path.active) ? 1 : 0;
  const rows = paths.map((path) => `${path.dev} ${path.active ? 'A' : 'F'} ${path.failCount} 0 1 `).join('');
  return `2 ${queueing} 1 0 ${paths.length === 0 ? '0 0 ' : `1 1 A 0 ${paths.length} 2 ${rows}`}`;
}

function message(host: SimulatedHost, [name = '', , text]: readonly string[]): ToolResult {
  const map = host.deviceMapper.find(name);
  if (map === undefined || map.table.kind !== 'multipath') {
    return complained(`device-mapper: message ioctl on ${name}  failed: No such device or address\nCommand failed.`, 1);
  }
  if (text !== 'fail_if_no_path' && text !== 'queue_if_no_path') {
    return complained(`device-mapper: message ioctl on ${name}  failed: Invalid argument\nCommand failed.`, 1);
  }
  map.table.queueIfNoPath = text === 'queue_if_no_path';
  host.deviceMapper.reloaded();
  return printed('');
}

function remove(host: SimulatedHost, map: DmMapping): ToolResult {
  if (host.multipath.openCount(map) > 0) {
    return complained(
      `device-mapper: remove ioctl on ${map.name}  failed: Device or resource busy\nCommand failed.`,
      1,
    );
  }
  host.blocks.dropCache(`${DM_MAJOR}:${map.minor}`, 'removed');
  host.deviceMapper.remove(map);
  return printed('');
}
