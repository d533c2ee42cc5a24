import type { SimulatedHost } from '../host-model.js';
import type { BlockNode } from '../model/block-layer.js';
import { until } from '../change-feed.js';
import { lastValue, parseOptions } from './options.js';
import { complained, KILLED, printed, type Tool, type ToolResult } from './tool.js';

/** A device by /dev path, also through links. */
function deviceAt(host: SimulatedHost, devicePath: string): BlockNode | undefined {
  const canonical = host.files().canonical(devicePath);
  return canonical === null || host.files().node(canonical) === null ? undefined : host.blocks.find(canonical);
}

/** udev's inquiry of page 0x83: what the device says now. */
export const scsiId: Tool = async ({ host, argv, signal }) => {
  const options = parseOptions(argv.slice(1), [
    { name: 'page', letter: 'p', takesValue: true },
    { name: 'device', letter: 'd', takesValue: true },
    { name: 'whitelisted', letter: 'g' },
    { name: 'export', letter: 'x' },
    { name: 'replace-whitespace', letter: 'u' },
  ]);
  const device = deviceAt(host, lastValue(options, 'device') ?? options.operands[0] ?? '');
  if (device === undefined) return complained('', 1);
  const state = await host.blocks.settledIo(device.dev, signal);
  if (state === null) return KILLED;
  return state.kind === 'ok' ? printed(`${state.volume.wwid}\n`) : complained('', 1);
};

/** sg3_utils' TEST UNIT READY: what the array says of the LUN now, which is more than that it does not answer. */
export const sgTurs: Tool = async ({ host, argv, signal }) => {
  const devicePath = argv.find((word) => word.startsWith('/dev/')) ?? '';
  const device = deviceAt(host, devicePath);
  if (device === undefined) return complained(`open error: ${devicePath}: No such file or directory`, 50);
  const { array, changes, clock } = host.environment;
  const reach = () => {
    const unit = host.scsi.unitOfDev(device.dev);
    return unit === undefined ? ({ kind: 'failed' } as const) : host.scsi.reach(unit);
  };
  if (!(await until([changes, array.changes], clock, () => reach().kind !== 'hang', { signal }))) return KILLED;
  switch (reach().kind) {
    case 'unit':
      return printed('');
    case 'no-unit':
      return complained(NOT_SUPPORTED, 5);
    default:
      return complained('test unit ready: transport: Host_status=0x0f [DID_TRANSPORT_FAILFAST]\n', 99);
  }
};

const NOT_SUPPORTED = [
  '    test unit ready cdb: [00 00 00 00 00 00]',
  'test unit ready:',
  'Fixed format, current; Sense key: Illegal Request',
  'Additional sense: Logical unit not supported',
  'Completed 1 Test Unit Ready commands with 1 errors',
].join('\n');

/** `blockdev`: sizes, read-only flag, and --flushbufs, which exits 0 also when writing back failed. */
export const blockdev: Tool = async ({ host, argv, signal }) => {
  const [flag = '', devicePath = ''] = argv.slice(1);
  const device = deviceAt(host, devicePath);
  if (device === undefined) return complained(`blockdev: cannot open ${devicePath}: No such file or directory`, 1);
  switch (flag) {
    case '--flushbufs':
      return (await host.blocks.writeBack(device.dev, signal)) === 'killed' ? KILLED : printed('');
    case '--getsize64':
      return printed(`${device.sizeBytes}\n`);
    case '--getsz':
      return printed(`${device.sizeBytes / 512}\n`);
    case '--getro':
      return printed(`${device.readOnly ? 1 : 0}\n`);
    case '--setro':
    case '--setrw':
      host.blocks.setReadOnly(device.dev, flag === '--setro');
      return printed('');
    default:
      return complained(`blockdev: Unknown command: ${flag}`, 1);
  }
};

/** `sync -d DEVICE`: fdatasync, which tells when write-back failed. */
export const sync: Tool = async ({ host, argv, signal }) => {
  const files = argv.slice(1).filter((word) => !word.startsWith('-'));
  for (const filePath of files) {
    const device = deviceAt(host, filePath);
    if (device === undefined) return complained(`sync: error opening '${filePath}': No such file or directory`, 1);
    const dirty = host.blocks.isDirty(device.dev);
    const state = await host.blocks.settledIo(device.dev, signal);
    if (state === null) return KILLED;
    const written = await host.blocks.writeBack(device.dev, signal);
    if (written === 'killed') return KILLED;
    // a device with a write cache is asked to empty it, also when nothing was dirty
    if (written === 'error' || (state.kind === 'error' && !dirty)) {
      return complained(`sync: error syncing '${filePath}': Input/output error`, 1);
    }
  }
  return printed('');
};

/** `dd if=DEVICE of=/dev/null`, and `dd of=DEVICE` with what stands on stdin; other uses are not simulated. */
export const dd: Tool = async ({ host, argv, input, signal }) => {
  const operands = new Map(argv.slice(1).map((word) => splitOnce(word)));
  const source = operands.get('if');
  const sink = operands.get('of');
  const devicePath = source !== undefined && source !== '/dev/zero' ? source : (sink ?? '');
  const device = deviceAt(host, devicePath);
  if (device === undefined) return complained(`dd: failed to open '${devicePath}': No such file or directory`, 1);
  const reads = devicePath === source;
  const follows = operands.get('iflag')?.split(',').includes('nofollow') !== true;
  if (reads && !follows && host.files().canonical(devicePath) !== devicePath) {
    return complained(`dd: failed to open '${devicePath}': Too many levels of symbolic links`, 1);
  }
  if (!reads && operands.get('oflag') !== 'direct') {
    host.blocks.write(device.dev, input);
    return complained('0+1 records in\n0+1 records out', 0);
  }
  const state = await host.blocks.settledIo(device.dev, signal);
  if (state === null) return KILLED;
  if (state.kind === 'error') {
    const verb = reads ? 'reading' : 'writing to';
    return complained(`dd: error ${verb} '${devicePath}': Input/output error\n0+0 records in\n0+0 records out`, 1);
  }
  if (!reads && state.kind === 'ok') state.volume.data.push(input);
  const bytes = Number(operands.get('bs') ?? 512) * Number(operands.get('count') ?? 1);
  return complained(`1+0 records in\n1+0 records out\n${bytes} bytes copied, 0.001 s, ${bytes / 1000} MB/s`, 0);
};

/** `udevadm settle [--timeout=S]`, and `udevadm info --query=property --name=/dev/DISK`. */
export const udevadm: Tool = async ({ host, argv, signal }) => {
  if (argv[1] === 'info') return udevProperties(host, argv.slice(2));
  if (argv[1] !== 'settle') return complained(`udevadm: ${argv[1] ?? ''} is not simulated`, 1);
  const options = parseOptions(argv.slice(2), [{ name: 'timeout', letter: 't', takesValue: true }]);
  const timeoutMs = Number(lastValue(options, 'timeout') ?? '120') * 1000;
  const { changes, clock } = host.environment;
  const settled = await until([changes], clock, () => host.udev.settled, { timeoutMs, signal });
  return settled ? printed('') : complained('', 1);
};

/** Of a disk that udev has not been through with, only what the kernel says. */
function udevProperties(host: SimulatedHost, argv: readonly string[]): ToolResult {
  const options = parseOptions(argv, [
    { name: 'query', letter: 'q', takesValue: true },
    { name: 'name', letter: 'n', takesValue: true },
  ]);
  const device = deviceAt(host, lastValue(options, 'name') ?? '');
  if (device === undefined || lastValue(options, 'query') !== 'property') return complained('Unknown device', 1);
  const known = host.udev.disks.get(device.name);
  const wwid = known?.wwid ?? null;
  const rules =
    known === undefined
      ? []
      : ['USEC_INITIALIZED=1', `DM_MULTIPATH_DEVICE_PATH=${wwid !== null && host.multipath.claims(wwid) ? 1 : 0}`];
  return printed([`DEVNAME=/dev/${device.name}`, ...rules, ''].join('\n'));
}

function splitOnce(word: string): readonly [string, string] {
  const at = word.indexOf('=');
  return at === -1 ? [word, ''] : [word.slice(0, at), word.slice(at + 1)];
}
