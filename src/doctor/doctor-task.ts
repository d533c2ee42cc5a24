import type { FleetHost, HostTask } from '../fleet/run-host.js';
import { observeHost, type HostFacts } from './host-facts.js';

export interface DoctorOptions<H extends FleetHost> {
  /** whether a volume with several paths is declared for the host */
  readonly expectsMultipath: (host: H) => boolean;
  /** takes what was learnt; it is judged when all hosts have been seen, since some rules need them all */
  readonly onFacts: (host: string, facts: HostFacts) => void;
}

/** Looks at one host, changes nothing. `ok` means that it could be looked at, not that it is well. */
export function doctorTask<H extends FleetHost>(options: DoctorOptions<H>): HostTask<H> {
  return async (host, { executor, deadline }) => {
    const expectsMultipath = options.expectsMultipath(host);
    options.onFacts(host.name, await observeHost(executor, deadline, { expectsMultipath }));
    return { outcome: 'ok' };
  };
}
