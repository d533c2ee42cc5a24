import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { resultSchema } from '../../src/report/result-schema.js';
import { type FleetFiles, startSimulatedFleet, type SimulatedFleet } from '../../src/simulator/fleet.js';
import { type Running, startLongshore } from './longshore.js';
import { scratchDirectory } from './scratch.js';

let fleet: SimulatedFleet;
let files: FleetFiles;
let scratch: Awaited<ReturnType<typeof scratchDirectory>>;

beforeAll(async () => {
  scratch = await scratchDirectory();
  fleet = await startSimulatedFleet({ hosts: 3 });
  files = await fleet.writeFiles(scratch.directoryPath);
});

afterAll(async () => {
  await fleet.close();
  await scratch[Symbol.asyncDispose]();
});

/** A command that would take ten minutes, on one host at a time. */
function longCommand(...options: string[]): Running {
  return startLongshore([
    ...['exec', '-i', files.inventoryFile, '--known-hosts', files.knownHostsFile, '--fanout', '1'],
    ...['--log-level', 'debug', ...options, '--', 'sleep', '600'],
  ]);
}

describe('Ctrl-C', () => {
  it('ends the run, says which host is in which state, and exits with 130', async () => {
    const running = longCommand('--json');
    await running.stderrHas('"host-connected"');
    running.signal('SIGINT');
    const { code, stdout, stderr } = await running.ended;
    expect(code).toBe(130);
    expect(stderr).toContain('interrupted  begins no more hosts, lets dock01 end');
    const document = resultSchema.parse(JSON.parse(stdout));
    expect(document).toMatchObject({
      interrupted: true,
      notRun: ['dock02', 'dock03'],
      hosts: { dock01: { outcome: 'unknown', error: { code: 'E_OUTCOME_UNKNOWN' } } },
      totals: { hosts: 3, unknown: 1, notRun: 2 },
    });
  });

  it('twice ends at once and names the hosts whose outcome is unknown', async () => {
    const running = longCommand();
    await running.stderrHas('"host-connected"');
    running.signal('SIGINT');
    await running.stderrHas('once more to give up at once');
    running.signal('SIGINT');
    const { code, stdout, stderr } = await running.ended;
    expect({ code, stdout }).toEqual({ code: 130, stdout: '' });
    expect(stderr).toContain('unknown  dock01: given up in mid-work');
  });
});
