import type { VolumeResult } from '../../src/connectors/connector.js';
import { LongshoreError } from '../../src/errors/longshore-error.js';
import { kernelName } from '../../src/simulator/model/device-mapper.js';
import { isDone, type Scene } from './iscsi-world.js';
import { tenantState } from './tenant.js';

/** What is not true of an attach's report: it says that the volume is there, and the model says otherwise. */
export function untrueAttach(world: Scene, result: VolumeResult): readonly string[] {
  hearOfDoubt(world, result);
  if (!isDone(result)) return untrueFailure(world, result);
  const { host, wwid } = world;
  const problems: string[] = [];
  const device = host.blocks.find(result.deviceInfo?.path ?? '');
  if (device === undefined) return [`handed out ${result.deviceInfo?.path ?? 'nothing'}, which is not there`];
  const state = host.blocks.io(device.dev);
  if (state.kind !== 'ok') problems.push(`handed out ${device.name}, whose I/O ends in ${state.kind}`);
  else if (state.volume.wwid !== wwid) problems.push(`handed out ${device.name}, which is ${state.volume.wwid}`);
  const table = host.deviceMapper.findDev(device.dev)?.table;
  const devs = table?.kind === 'multipath' ? table.paths.map(({ dev }) => dev) : [device.dev];
  for (const dev of devs) {
    const io = host.blocks.io(dev);
    if (io.kind === 'ok' && io.volume.wwid !== wwid) problems.push(`the path ${dev} is ${io.volume.wwid}`);
  }
  for (const path of result.paths) {
    if (path.identity !== 'live') continue;
    const unit = host.scsi.units.find(({ hctl }) => hctl === path.hctl);
    if (unit?.disk?.name !== path.device) problems.push(`path ${path.hctl} as ${path.device} is not there`);
  }
  if (result.sizeBytes !== undefined && result.sizeBytes !== device.sizeBytes) {
    problems.push(`says ${result.sizeBytes} bytes, ${device.name} has ${device.sizeBytes}`);
  }
  return problems;
}

/** What is not true of a detach's report: something of the volume is there, or its data is nowhere. */
export function untrueDetach(world: Scene, result: VolumeResult): readonly string[] {
  // Linux gives up data that it could not write, and says so once: whoever is told of the failed flush is told of that
  if (result.error instanceof LongshoreError && result.error.code === 'E_FLUSH_FAILED') world.journal.toldOfLoss = true;
  hearOfDoubt(world, result);
  if (!isDone(result)) return [];
  return [...leftOf(world).map((one) => `left: ${one}`), ...lostOf(world)];
}

/** Who goes on behind a flush of which nothing was heard says that this is not known. */
function hearOfDoubt({ journal }: Scene, { warnings }: VolumeResult): void {
  if (warnings.some((one) => one.startsWith('whether all data'))) journal.toldOfLoss = true;
}

/** What is not true of an extend's report: some layer has another size. */
export function untrueExtend(world: Scene, result: VolumeResult): readonly string[] {
  if (!isDone(result)) return [];
  const { host, wwid } = world;
  const wanted = world.onArray.sizeBytes;
  const units = host.scsi.units.filter(({ cachedWwid }) => cachedWwid === `naa.${wwid.slice(1)}`);
  const map = host.deviceMapper.multipathMap(wwid);
  const sizes = [
    ...units.map((unit) => [unit.hctl, unit.disk?.sizeBytes ?? 0] as const),
    ...(map === undefined ? [] : [[kernelName(map), map.sizeBytes] as const]),
    ['the report', result.sizeBytes ?? 0] as const,
  ];
  return sizes.filter(([, size]) => size !== wanted).map(([name, size]) => `${name} has ${size} bytes, not ${wanted}`);
}

/** A failed attach has taken back what it did, or says that it has not. An outcome that is not known claims nothing. */
function untrueFailure(world: Scene, { outcome, warnings, steps }: VolumeResult): readonly string[] {
  const hasNotBegun = steps.length === 0;
  const saysSo = warnings.some((warning) => warning.startsWith('may be left on the host'));
  if (hasNotBegun || saysSo || outcome === 'unknown' || outcome === 'unreachable') return [];
  return leftOf(world).map((one) => `${outcome}, but left without a word: ${one}`);
}

/** Parts of the names of what the faults bring to the host. */
const NEWCOMERS = [':newcomer', ':0:0:7', `36001405${'d'.repeat(25)}`, `36001405${'e'.repeat(25)}`];

/** What is on the host that was not there before the first verb; sessions and records of the tenant are its own. */
export function leftOf({ host, leftBefore, tenant, fleet }: Scene): readonly string[] {
  const kinds = (lines: readonly string[]): readonly string[] =>
    lines.map((line) => line.replace(/^session \d+ /, 'session '));
  const before = new Set(kinds(leftBefore));
  const foreign = host.scsi.units.filter(
    ({ session, lun }) => session.facts.targetName !== fleet.targetName || lun === 7,
  );
  const foreignNames = foreign.flatMap(({ hctl, disk }) => [hctl, `path ${disk?.name}`]);
  const isOthers = (line: string): boolean =>
    [...tenant.wwids, ...NEWCOMERS, ...foreignNames].some((name) => line.includes(name));
  // a session that carries another's volume stays with its record
  const carries = new Set(host.scsi.units.filter(({ lun }) => lun === 7).map(({ session }) => session.facts.address));
  const isCarrier = (line: string): boolean => [...carries].some((address) => line.includes(` ${address}`));
  return kinds(host.leftovers()).filter((line) => !before.has(line) && !isOthers(line) && !isCarrier(line));
}

/** Data of the volume that is lost, or in another volume. What only the host's memory had when its power went was never acknowledged. */
export function lostOf({ fleet, wwid, journal }: Scene): readonly string[] {
  const lost = fleet
    .lostData()
    .filter((one) => one.wwid === wwid && one.why !== 'power' && !(one.why === 'write error' && journal.toldOfLoss));
  return lost.map(({ data, state, why }) => `${data}: ${state}${why === null ? '' : ` (${why})`}`);
}

/** What of the tenant is not as it was. */
export function touched({ host, tenant, tenantBefore }: Scene): readonly string[] {
  // a reboot has touched everything
  if (host.uptimeMs() < host.environment.clock.now()) return [];
  const now = tenantState(host, tenant);
  return [
    ...tenantBefore.filter((line) => !now.includes(line)).map((line) => `of another tenant, gone or changed: ${line}`),
    ...now.filter((line) => !tenantBefore.includes(line)).map((line) => `of another tenant, new: ${line}`),
  ];
}

const FORBIDDEN: readonly RegExp[] = [
  /^multipath .*-F\b/,
  /^(?:multipathd|multipath) .*reconfigure/,
  /^iscsiadm (?!.*-r \d).*--logout(?:all)?\b/,
  /^iscsiadm .*(?:--rescan|-R)\b/,
  /^(?:umount|kill|pkill|killall|fuser|mkfs\S*|wipefs|fsck\S*|rescan-scsi-bus\S*)\b/,
  /^dmsetup (?:remove|.*--force)/,
];

/** Commands that no verb may ever run (rules S9 and S12). */
export function forbidden({ host }: Scene): readonly string[] {
  const lines = host.commands.map((argv) => argv.join(' '));
  return [...new Set(lines.filter((line) => FORBIDDEN.some((one) => one.test(line))))].map((line) => `ran: ${line}`);
}
