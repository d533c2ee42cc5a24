import { connectorProperties, type PropertyWishes } from '../connectors/connector-properties.js';
import type { FleetHost, HostTask } from './run-host.js';

/** os-brick's connector properties of each host, in one round trip; nothing is changed. */
export function factsTask<H extends FleetHost>(wishesOf: (host: H) => PropertyWishes): HostTask<H> {
  return async (host, context) => ({ outcome: 'ok', facts: await connectorProperties(context, wishesOf(host)) });
}
