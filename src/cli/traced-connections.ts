import { existsSync } from 'node:fs';
import { mkdir, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import type { VolumeSpec } from '../connectors/connector.js';
import { LongshoreError } from '../errors/longshore-error.js';
import type { InventoryHost } from '../inventory/inventory.js';
import { Secret } from '../secrets/secret.js';
import { printable } from '../transport/printable.js';
import { ReplayError } from '../transport/recording/replay-error.js';
import { secretsIn } from '../secrets/secret-scrubber.js';
import { traceFilePath, tracedHost, type TracedHost } from '../transport/recording/trace-file.js';
import type { CommandContext } from './command.js';
import type { HostConnections, HostConnector } from './connect-host.js';
import { usageError } from './parse-options.js';
import { paintFor } from './terminal.js';

/** Beside the recordings: the hosts of the run and their volumes, so that a replay needs nothing else. */
const INVENTORY_FILE = 'inventory.json';
/** Passes every check of a secret, and is none. */
const STAND_IN = new Secret('[redacted]');

export function replayInventory(directory: string): string {
  return join(directory, INVENTORY_FILE);
}

/** `--record` and `--replay`: the connections of a run with a recording of each host beside them, or in place of them. */
export function tracedConnector(context: CommandContext, connector: HostConnector): HostConnector {
  const { record, replay } = context.options;
  if (replay !== undefined) return () => replayedConnections(replay, context);
  return record === undefined ? connector : (prompts) => recordedConnections(connector(prompts), record, context);
}

/**
 * Makes the directory for the recordings of these hosts, for its owner alone, before any is connected to. Throws `E_USAGE` when there are
 * recordings in it.
 */
export async function prepareRecordings(directory: string, hosts: readonly InventoryHost[]): Promise<void> {
  const entries = hosts.map(({ name, volumes }) => [name, { volumes: Object.fromEntries(inventoryVolumes(volumes)) }]);
  const text = JSON.stringify({ all: { hosts: Object.fromEntries(entries) as unknown } }, null, 2);
  const filePath = replayInventory(directory);
  try {
    await mkdir(directory, { recursive: true, mode: 0o700 });
    await writeFile(filePath, `${text}\n`, { flag: 'wx', mode: 0o600 });
  } catch (error) {
    const code = error instanceof Error && 'code' in error ? String(error.code) : 'unknown reason';
    if (code === 'EEXIST') {
      throw usageError(`--record: there are recordings in ${directory}`, 'Name a new directory for each run.');
    }
    throw usageError(`--record: ${filePath} cannot be written (${code})`);
  }
}

/** The host for a replay, where it is not logged in to. */
export function withoutLogin(host: InventoryHost): InventoryHost {
  const { password: _password, privateKeyPassphrase: _passphrase, ...rest } = host;
  const { method, user } = host.become;
  return { ...rest, become: { method, user } };
}

/** The volume for a replay, where no secret is needed: none has to be there. */
export function volumeWithoutSecrets(volume: VolumeSpec): VolumeSpec {
  const data = Object.entries(volume.data).map(([key, value]) => [key, value instanceof Secret ? STAND_IN : value]);
  return { ...volume, data: Object.fromEntries(data) as Record<string, unknown> };
}

/** As inventories have them. A `Secret` in `data` turns itself into text that is none. */
function* inventoryVolumes(volumes: InventoryHost['volumes']): Generator<[name: string, volume: object]> {
  for (const [key, { name: _name, driverVolumeType, data, ...options }] of volumes) {
    const inYaml = Object.entries(options).map(([option, value]) => [
      option.replace(/[A-Z]/g, (letter) => `_${letter.toLowerCase()}`),
      value,
    ]);
    yield [key, { driver_volume_type: driverVolumeType, data, ...(Object.fromEntries(inYaml) as object) }];
  }
}

function recordedConnections(inner: HostConnections, directory: string, context: CommandContext): HostConnections {
  const hosts = new Map<string, TracedHost>();
  return {
    async connect(host, deadline) {
      const traced =
        hosts.get(host.name) ??
        tracedHost(host.name, traceFilePath(directory, host.name), 'record', {
          secrets: secretsIn(host),
          onWriteError: (error) => warn(context, `${host.name}: the recording ends early: ${error.message}`),
        });
      hosts.set(host.name, traced);
      return traced.connect(() => inner.connect(host, deadline));
    },
    async close() {
      for (const traced of hosts.values()) traced.finish();
      await inner.close();
    },
  };
}

/** What was not asked for, and what differed, is told at the end: a host's own result may have made another error of it. */
function replayedConnections(directory: string, context: CommandContext): HostConnections {
  const hosts = new Map<string, TracedHost>();
  return {
    async connect(host) {
      const filePath = traceFilePath(directory, host.name);
      if (!existsSync(filePath)) {
        throw new LongshoreError('E_REPLAY', `there is no recording of this host in ${directory}`, { host: host.name });
      }
      const traced = hosts.get(host.name) ?? tracedHost(host.name, filePath, 'replay', { secrets: secretsIn(host) });
      hosts.set(host.name, traced);
      return traced.connect(() => Promise.reject(new LongshoreError('E_INTERNAL', 'a replay tried to connect')));
    },
    close() {
      for (const [name, traced] of hosts) {
        try {
          traced.finish();
        } catch (error) {
          if (!(error instanceof ReplayError)) throw error;
          warn(context, [`${name}: ${error.message}`, ...error.diff.map((line) => `    ${line}`)].join('\n'));
        }
      }
      return Promise.resolve();
    },
  };
}

function warn({ terminal }: CommandContext, text: string): void {
  terminal.stderr.write(`${paintFor(terminal.stderr)('yellow', 'warning')}  ${printable(text)}\n`);
}
