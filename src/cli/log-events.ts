import type { Logger } from 'pino';
import type { FleetEvent } from '../fleet/fleet-event.js';

/** Run events as log lines: what a run did at `info`, how it went about it at `debug`. */
export function logEvent(logger: Logger, event: FleetEvent): void {
  const { type, ...fields } = event;
  switch (event.type) {
    case 'run-started':
      return logger.info({ run: event.run, verb: event.verb, hosts: event.hosts.length }, type);
    case 'host-ended': {
      const { error, ...rest } = event;
      return logger.info({ ...withoutType(rest), ...(error === undefined ? {} : { err: error }) }, type);
    }
    case 'run-interrupted':
      return logger.warn(type);
    case 'run-ended':
    case 'host-not-run':
      return logger.info(fields, type);
    case 'host-started':
    case 'host-dropped':
    case 'host-connected':
    case 'change-leaves':
    case 'step-started':
    case 'step-ended':
      return logger.debug(fields, type);
  }
}

function withoutType<T extends { readonly type: string }>({ type: _, ...rest }: T): Omit<T, 'type'> {
  return rest;
}
