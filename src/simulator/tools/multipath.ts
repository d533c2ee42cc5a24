import type { SimulatedHost } from '../host-model.js';
import { type DmMapping, kernelName } from '../model/device-mapper.js';
import { hasOption, type OptionSpec, parseOptions } from './options.js';
import { complained, KILLED, printed, type Tool, type ToolResult } from './tool.js';

const OPTIONS: readonly OptionSpec[] = [
  { name: 'flush', letter: 'f' },
  { name: 'flush-all', letter: 'F' },
  { name: 'add-wwid', letter: 'a' },
  { name: 'remove-wwid', letter: 'w' },
  { name: 'check', letter: 'C' },
  { name: 'list', letter: 'l' },
  { name: 'verbosity', letter: 'v', takesValue: true },
  { name: 'help', letter: 'h' },
];

/** multipath-tools 0.9.4's tool for maps. */
export const multipath: Tool = async ({ host, argv, signal }) => {
  const options = parseOptions(argv.slice(1), OPTIONS);
  const [name] = options.operands;
  if (options.unknown !== null) return complained(`multipath: invalid option -- '${options.unknown}'`, 1);
  if (hasOption(options, 'help')) return printed('multipath-tools v0.9.4 (12/19, 2022)\nUsage:\n  multipath\n');
  if (hasOption(options, 'add-wwid')) return register(host, name, true);
  if (hasOption(options, 'remove-wwid')) return register(host, name, false);
  if (hasOption(options, 'flush')) return flush(host, name ?? '', signal);
  if (hasOption(options, 'check')) return check(host, name ?? '');
  const maps = host.deviceMapper.mappings.filter(
    (map) => map.table.kind === 'multipath' && (name === undefined || host.deviceMapper.find(name) === map),
  );
  return printed(maps.map((map) => topology(host, map)).join(''));
};

async function flush(host: SimulatedHost, name: string, signal: AbortSignal): Promise<ToolResult> {
  const map = host.deviceMapper.find(name);
  if (map === undefined || map.table.kind !== 'multipath') return complained(`${name} is not a multipath device`, 1);
  const parts = host.deviceMapper.mappings.filter(
    (one) => one.uuid.endsWith(`-${map.uuid}`) && one.uuid.startsWith('part'),
  );
  for (const part of parts) {
    if (host.multipath.openCount(part) > 0) return complained(`${map.name}: map in use`, 1);
    host.deviceMapper.remove(part);
  }
  const outcome = await host.multipath.removeMap(map, signal);
  if (outcome === 'killed') return KILLED;
  return outcome === 'ok' ? printed('') : complained(`${map.name}: map in use`, 1);
}

function register(host: SimulatedHost, wwid: string | undefined, wanted: boolean): ToolResult {
  if (wwid === undefined) return complained('multipath: no WWID given', 1);
  if (wanted) host.multipath.register(wwid);
  else host.multipath.unregister(wwid);
  return printed(`wwid '${wwid}' ${wanted ? 'added' : 'removed'}\n`);
}

function check(host: SimulatedHost, name: string): ToolResult {
  const map = host.deviceMapper.find(name);
  const usable =
    map?.table.kind === 'multipath' && map.table.paths.some((path) => host.blocks.io(path.dev).kind === 'ok');
  return usable ? printed('') : complained('', 1);
}

/** One map as `multipath -ll` shows it. */
export function topology(host: SimulatedHost, map: DmMapping): string {
  if (map.table.kind !== 'multipath') return '';
  const { paths, queueIfNoPath } = map.table;
  const features = queueIfNoPath ? '1 queue_if_no_path' : '0';
  const size = `${(map.sizeBytes / 2 ** 30).toFixed(1)}G`;
  const head = [
    `${map.name} ${kernelName(map)} LIO-ORG,IBLOCK`,
    `size=${size} features='${features}' hwhandler='1 alua' wp=${map.readOnly ? 'ro' : 'rw'}`,
  ];
  if (paths.length > 0) head.push("`-+- policy='service-time 0' prio=50 status=active");
  const rows = paths.map((path, index) => {
    const unit = host.scsi.unitOfDev(path.dev);
    const branch = index === paths.length - 1 ? '`-' : '|-';
    const state = unit === undefined ? 'offline' : host.scsi.state(unit);
    const words = path.active ? 'active ready' : 'failed faulty';
    return `  ${branch} ${unit?.hctl ?? '#:#:#:#'} ${unit?.disk?.name ?? '-'} ${path.dev} ${words} ${state}`;
  });
  return [...head, ...rows, ''].join('\n');
}
