import { pause } from '../../time/clock.js';
import type { SimulatedHost } from '../host-model.js';

/** How long a person takes from one command to the next. */
const BETWEEN_MS = 700;

/**
 * An operator takes a volume away with the usual commands, one after the other, while a controller is at work: flushes and removes the map,
 * deletes the disks, logs out of what carries nothing else and deletes those records.
 */
export async function detachByHand(host: SimulatedHost, wwid: string): Promise<void> {
  const { clock } = host.environment;
  const next = (): Promise<boolean> => pause(clock, BETWEEN_MS, host.power);
  const ofVolume = () => host.scsi.units.filter(({ cachedWwid }) => cachedWwid === `naa.${wwid.slice(1)}`);

  const map = host.deviceMapper.multipathMap(wwid);
  if (map !== undefined && (await host.multipath.removeMap(map, host.power)) !== 'ok') return;
  for (const unit of ofVolume()) {
    if (unit.disk !== null && (await host.blocks.writeBack(unit.disk.dev, host.power)) !== 'ok') return;
  }
  const sessions = new Set(ofVolume().map(({ session }) => session));
  for (const unit of ofVolume()) {
    if (!(await next())) return;
    host.scsi.delete(unit);
  }
  for (const session of sessions) {
    if (host.scsi.units.some((unit) => unit.session === session)) continue;
    if (!(await next()) || !(await host.iscsi.logout(session, host.power))) return;
    const { targetName, address, port, iface } = session.facts;
    for (const entry of host.nodes.find({ targetName, address, port, iface })) host.nodes.delete(entry);
  }
}
