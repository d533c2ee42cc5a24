import type { LaneRequest } from '../../transport/executor.js';
import type { SimulatedHost } from '../host-model.js';

/** Processes that a lane on a real host would start for this request, as the host is now; the lane counts them itself. */
export function processesFor(host: SimulatedHost, request: LaneRequest): number {
  const matchesNothing = (patterns: readonly string[] | undefined): boolean =>
    patterns !== undefined && patterns.every((pattern) => host.files().glob(pattern).length === 0);
  switch (request.kind) {
    case 'run': {
      if (matchesNothing(request.when) || matchesNothing(request.nameFrom)) return 0;
      // timeout and the command; the writing end of a pipe; the shell that captures
      const command = request.boundsItself === true ? 1 : 2;
      return command + (request.input === undefined ? 0 : 1) + (request.expectStdout === undefined ? 0 : 1);
    }
    case 'list': {
      if (request.resolve !== true) return 0;
      const paths = request.patterns.flatMap((pattern) => host.files().glob(pattern));
      // one for all; one more for each when some of them lead nowhere
      const oneByOne = paths.some((one) => host.files().canonical(one) === null) ? paths.length : 0;
      return paths.length === 0 ? 0 : 1 + oneByOne;
    }
    default:
      // how often a wait looks depends on what happens meanwhile: its processes are not counted here
      return 0;
  }
}
