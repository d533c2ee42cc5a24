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
    case 'run-stopped':
      return logger.warn(fields, type);
    case 'batch-started':
      return logger.info({ batch: event.batch, batches: event.batches, hosts: event.hosts.length }, type);
    case 'play-started':
      return logger.info({ play: event.play, name: event.name, hosts: event.hosts.length }, type);
    case 'play-step-ended': {
      const { error, ...rest } = event;
      return logger.info({ ...withoutType(rest), ...(error === undefined ? {} : { err: error }) }, type);
    }
    case 'play-ended':
    case 'batch-ended':
    case 'run-ended':
    case 'host-not-run':
      return logger.info(fields, type);
    case 'host-started':
    case 'host-dropped':
    case 'host-connected':
    case 'change-leaves':
    case 'play-step-started':
    case 'step-started':
    case 'step-ended':
      return logger.debug(fields, type);
  }
}

function withoutType<T extends { readonly type: string }>({ type: _, ...rest }: T): Omit<T, 'type'> {
  return rest;
}
