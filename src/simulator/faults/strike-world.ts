import { pause } from '../../time/clock.js';
import type { SimulatedHost } from '../host-model.js';
import { until } from '../change-feed.js';
import { dmDev, kernelName } from '../model/device-mapper.js';
import { detachByHand } from './detach-by-hand.js';
import type { WorldEffect } from './fault.js';

/** The host's lock, by which controllers exclude each other. */
const HOST_LOCK = 'host';
const VOLUME_BYTES = 2 ** 28;

/** Changes the world around a host, at once; what lasts for a time is taken back by the clock. */
export function strikeWorld(host: SimulatedHost, effect: WorldEffect): void {
  const { array, clock, initiatorName, changes } = host.environment;
  switch (effect.kind) {
    case 'portal':
      strikePortal(host, effect, effect.times ?? 1);
      return;
    case 'use':
      strikeUse(host, effect);
      return;
    case 'write-error': {
      const volume = array.volumes.find(({ wwid }) => wwid === effect.wwid);
      if (volume === undefined) return;
      volume.failsWrites = true;
      array.changed();
      clock.after(effect.forMs, () => {
        volume.failsWrites = false;
        array.changed();
      });
      return;
    }
    case 'slow-array':
      array.latencyMs = effect.latencyMs;
      clock.after(effect.forMs, () => (array.latencyMs = 0));
      return;
    case 'remap': {
      const { targetName, lun, wwid } = effect;
      array.map(targetName, initiatorName, lun, array.createVolume({ wwid, sizeBytes: VOLUME_BYTES }));
      return;
    }
    case 'foreign-device': {
      const { targetName, lun, wwid } = effect;
      array.map(targetName, initiatorName, lun, array.createVolume({ wwid, sizeBytes: VOLUME_BYTES }));
      for (const session of host.iscsi.sessions) {
        if (session.facts.targetName === targetName) void host.scsi.scan(session, lun, host.power);
      }
      return;
    }
    case 'foreign-session':
      strikeForeignSession(host, effect);
      return;
    case 'other-lock': {
      const other = {};
      const take = (): boolean => host.locks.tryTake(HOST_LOCK, 'another controller', other);
      void until([changes], clock, take, { signal: host.power }).then(async (taken) => {
        if (!taken) return;
        await pause(clock, effect.forMs, host.power);
        host.locks.release(other);
      });
      return;
    }
    case 'detached-by-hand':
      void detachByHand(host, effect.wwid);
      return;
  }
}

function strikePortal(host: SimulatedHost, effect: Extract<WorldEffect, { kind: 'portal' }>, times: number): void {
  const { portal, state, forMs } = effect;
  const { array, clock } = host.environment;
  array.setPortal(portal, state);
  if (forMs === undefined) return;
  clock.after(forMs, () => {
    array.setPortal(portal, 'up');
    if (times > 1) clock.after(forMs, () => strikePortal(host, effect, times - 1));
  });
}

function strikeUse(host: SimulatedHost, { wwid, by, forMs }: Extract<WorldEffect, { kind: 'use' }>): void {
  const { clock } = host.environment;
  const map = host.deviceMapper.multipathMap(wwid);
  const disk = host.scsi.units.find(({ cachedWwid }) => cachedWwid === `naa.${wwid.slice(1)}`)?.disk;
  const device = map === undefined ? disk?.name : kernelName(map);
  if (device === undefined) return;
  const release = by === 'mount' || map === undefined ? mounted(host, device) : opened(host, dmDev(map));
  clock.after(forMs, release);
}

function mounted(host: SimulatedHost, device: string): () => void {
  const mountPoint = `/mnt/fault-${device}`;
  host.mount(`/dev/${device}`, mountPoint);
  return () => host.mounts.unmount(mountPoint);
}

function opened(host: SimulatedHost, dev: string): () => void {
  const count = (by: number): void => {
    const map = host.deviceMapper.findDev(dev);
    if (map === undefined) return;
    map.openers += by;
    host.deviceMapper.reloaded();
  };
  count(1);
  return () => count(-1);
}

function strikeForeignSession(
  host: SimulatedHost,
  { targetName, portal, wwid }: Extract<WorldEffect, { kind: 'foreign-session' }>,
): void {
  const { array, initiatorName } = host.environment;
  array.addTarget(targetName, [portal], 'the array of another tenant');
  array.allow(targetName, initiatorName, null);
  array.map(targetName, initiatorName, 1, array.createVolume({ wwid, sizeBytes: VOLUME_BYTES }));
  const [address = '', port = '3260'] = portal.split(':');
  const entry = host.nodes.create({ targetName, address, port: Number(port), iface: 'default' }, 1);
  void host.iscsi.login(entry, host.power);
}
