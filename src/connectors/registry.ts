import { LongshoreError } from '../errors/longshore-error.js';
import type { ConnectorContext, InitiatorConnector } from './connector.js';
import { IscsiConnector } from './iscsi/iscsi-connector.js';

type ConnectorMaker = (context: ConnectorContext) => InitiatorConnector;

/** Cinder's driver_volume_type, by machine architecture. Kinds of machine that have none are named, so that the error can say so. */
const CONNECTORS: Readonly<Record<string, Readonly<Record<string, ConnectorMaker>>>> = {
  x86_64: {
    iscsi: (context) => new IscsiConnector(context),
    iser: (context) => new IscsiConnector(context),
  },
  s390x: {},
};

/**
 * The connector for a volume on one host.
 *
 * @throws LongshoreError E_UNSUPPORTED naming what there is
 */
export function connectorFor(
  driverVolumeType: string,
  context: ConnectorContext,
  platform: string = 'x86_64',
): InitiatorConnector {
  const forPlatform = CONNECTORS[platform];
  const make =
    forPlatform === undefined || !Object.hasOwn(forPlatform, driverVolumeType)
      ? undefined
      : forPlatform[driverVolumeType];
  if (make !== undefined) return make(context);
  const known = Object.keys(forPlatform ?? {});
  throw new LongshoreError(
    'E_UNSUPPORTED',
    `no connector for driver_volume_type ${JSON.stringify(driverVolumeType)} on ${platform}` +
      `; there ${known.length === 0 ? 'are none yet' : `is ${known.join(', ')}`}`,
  );
}
