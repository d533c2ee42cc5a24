import type { VolumeResult } from '../../../src/connectors/connector.js';
import type { FleetResult, HostFindings, HostResult } from '../../../src/fleet/fleet-result.js';

export function hostResult(findings: HostFindings): HostResult {
  return { roundTrips: 5, remoteProcesses: 3, bytesIn: 100, bytesOut: 50, durationMs: 12.345, ...findings };
}

export function fleetResult(
  verb: string,
  hosts: Readonly<Record<string, HostFindings>>,
  more: Partial<FleetResult> = {},
): FleetResult {
  const entries = Object.entries(hosts).map(([name, findings]) => [name, hostResult(findings)] as const);
  return { run: 'r1', verb, hosts: new Map(entries), notRun: [], interrupted: false, durationMs: 1234.5, ...more };
}

export const ATTACHED: VolumeResult = {
  outcome: 'changed',
  deviceInfo: { type: 'block', path: '/dev/dm-0', scsi_wwn: '3600140', multipath_id: '3600140' },
  sizeBytes: 1024 ** 3,
  paths: [
    { device: 'sda', hctl: '2:0:0:1', portal: '10.1.0.1:3260', state: 'active', identity: 'live' },
    { device: 'sdb', hctl: '3:0:0:1', portal: '10.2.0.1:3260', state: 'active', identity: 'live' },
  ],
  warnings: [],
  steps: [{ id: 'login', what: 'log in', changes: ['session x'], command: 'iscsiadm --login', ok: true }],
};

export function withVolume(volume: VolumeResult): HostFindings {
  return { outcome: volume.outcome, volumes: new Map([['data', volume]]) };
}
