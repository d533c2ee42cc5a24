import type { LaneRequest } from '../../transport/executor.js';
import type { SimulatedLane } from './answer.js';
import { matching } from './find.js';

/** Places above which a lane's shell starts a grep instead of looking into each by itself. */
const MANY = 16;

/** Processes that a lane on a real host would start for this request, as the host is now; the lane counts them itself. */
export function processesFor(lane: SimulatedLane, request: LaneRequest): number {
  const { host } = lane;
  const matchesNothing = (patterns: readonly string[] | undefined): boolean =>
    patterns !== undefined && matching(lane, patterns).length === 0;
  switch (request.kind) {
    case 'run': {
      if (matchesNothing(request.when) || matchesNothing(request.nameFrom)) return 0;
      // timeout and the command; the writing end of a pipe, and the shell that captures what comes out of it
      const command = request.boundsItself === true ? 1 : 2;
      if (request.input === undefined) return command;
      return command + (request.expectStdout === undefined ? 1 : 2);
    }
    case 'list': {
      if (request.resolve !== true) return 0;
      const paths = matching(lane, request.patterns);
      // one for all; one more for each when some of them lead nowhere
      const oneByOne = paths.some((one) => host.files().canonical(one) === null) ? paths.length : 0;
      return paths.length === 0 ? 0 : 1 + oneByOne;
    }
    case 'find':
      // a grep where there are many
      return request.holding !== undefined && matching(lane, request.patterns).length > MANY ? 1 : 0;
    default:
      // how often a wait looks depends on what happens meanwhile: its processes are not counted here
      return 0;
  }
}
