import { LongshoreError } from '../../errors/longshore-error.js';
import type {
  ConnectorContext,
  DeviceInfo,
  DisconnectOptions,
  InitiatorConnector,
  VerbOptions,
  VolumeResult,
  VolumeSpec,
} from '../connector.js';
import { attachVolume } from './attach.js';
import { connectorProperties, type PropertyWishes } from '../connector-properties.js';
import { withoutSecrets } from '../redact-result.js';
import { detachVolume } from './detach.js';
import { extendVolume } from './extend.js';
import { iscsiGoal, volumeFromProperties } from './goal.js';
import { statusOf } from './status.js';
import { verifyVolume, waitForNames } from './verify.js';
import { BY_PATH, byPathPatterns, namesOfVolume } from './volume-paths.js';

/** iSCSI through open-iscsi, with or without dm-multipath. */
export class IscsiConnector implements InitiatorConnector {
  readonly platform = 'x86_64';
  readonly osType = 'linux';
  readonly #context: ConnectorContext;

  constructor(context: ConnectorContext) {
    this.#context = context;
  }

  attach(volume: VolumeSpec, options?: VerbOptions): Promise<VolumeResult> {
    return withoutSecrets(volume, () => attachVolume(this.#context, volume, options));
  }

  detach(volume: VolumeSpec, deviceInfo: DeviceInfo | null, options?: DisconnectOptions): Promise<VolumeResult> {
    return withoutSecrets(volume, () => detachVolume(this.#context, volume, deviceInfo, options));
  }

  status(volumes: readonly VolumeSpec[]): Promise<ReadonlyMap<string, VolumeResult>> {
    return statusOf(this.#context, volumes);
  }

  verify(volume: VolumeSpec): Promise<VolumeResult> {
    return verifyVolume(this.#context, volume);
  }

  waitFor(volume: VolumeSpec, state: 'attached' | 'absent', timeoutMs: number): Promise<boolean> {
    return waitForNames(this.#context, volume, state, timeoutMs);
  }

  async connectVolume(connectionProperties: unknown): Promise<DeviceInfo> {
    const result = await this.attach(volumeFromProperties(connectionProperties));
    if (result.error !== undefined) throw result.error;
    if (result.deviceInfo === undefined) throw new LongshoreError('E_DEVICE_NOT_FOUND', 'no device was found');
    return result.deviceInfo;
  }

  async disconnectVolume(
    connectionProperties: unknown,
    deviceInfo: DeviceInfo | null,
    options: { readonly force?: boolean; readonly ignoreErrors?: boolean } = {},
  ): Promise<void> {
    const result = await this.detach(volumeFromProperties(connectionProperties), deviceInfo, options);
    if (result.error !== undefined) throw result.error;
  }

  extend(volume: VolumeSpec, options?: VerbOptions): Promise<VolumeResult> {
    return withoutSecrets(volume, () => extendVolume(this.#context, volume, options));
  }

  async extendVolume(connectionProperties: unknown): Promise<number> {
    const result = await this.extend(volumeFromProperties(connectionProperties));
    if (result.error !== undefined) throw result.error;
    return result.sizeBytes ?? 0;
  }

  /** The volume's by-path names that exist on the host; only for callers who want os-brick's answer, nothing here trusts them. */
  async getVolumePaths(connectionProperties: unknown): Promise<readonly string[]> {
    const goal = iscsiGoal(volumeFromProperties(connectionProperties), { credentials: false });
    return namesOfVolume(goal, await this.#list(byPathPatterns(goal)));
  }

  getSearchPath(): string {
    return BY_PATH;
  }

  getAllAvailableVolumes(): Promise<readonly string[]> {
    return this.#list([`${BY_PATH}/*`]);
  }

  /** One direct read of the first block, so that the page cache cannot answer for a dead path. */
  async checkValidDevice(devicePath: string): Promise<boolean> {
    if (!/^\/dev\/[\w.:+@/-]+$/.test(devicePath)) {
      throw new LongshoreError('E_USAGE', `not a device path: ${JSON.stringify(devicePath)}; write it as /dev/...`);
    }
    const [reply] = await this.#context.executor.sequence(this.#context.deadline, [
      {
        kind: 'run',
        argv: ['dd', `if=${devicePath}`, 'of=/dev/null', 'bs=4096', 'count=1', 'iflag=direct'],
        timeoutMs: 30_000,
        okExits: 'any',
        readOnly: true,
      },
    ]);
    return reply.kind === 'run' && reply.exit === 0 && !reply.timedOut;
  }

  getConnectorProperties(wishes?: PropertyWishes): Promise<Readonly<Record<string, unknown>>> {
    return connectorProperties(this.#context, wishes);
  }

  checkIOHandleValid(devicePath: string): Promise<boolean> {
    return this.checkValidDevice(devicePath);
  }

  async #list(patterns: readonly string[]): Promise<readonly string[]> {
    const [reply] = await this.#context.executor.sequence(this.#context.deadline, [{ kind: 'list', patterns }]);
    return reply.kind === 'list' ? [...reply.paths].sort() : [];
  }
}
