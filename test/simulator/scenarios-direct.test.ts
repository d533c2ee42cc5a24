import { describe, expect, it } from 'vitest';
import { DirectExecutor } from '../../src/simulator/direct-executor.js';
import { createFleetModel } from '../../src/simulator/fleet-model.js';
import { scenarioHost } from './scenario-host.js';
import { CHAP_SCENARIO, SCENARIOS } from './scenarios.js';

describe('a simulated client', () => {
  it.each([...SCENARIOS, CHAP_SCENARIO])('$name', async ({ run }) => {
    const fleet = createFleetModel({ hosts: 1 });
    const [host] = fleet.hosts;
    if (host === undefined) throw new Error('no host');
    const executor = new DirectExecutor(host);
    await run(scenarioHost(fleet, host, executor));
    expect(fleet.leftovers()).toEqual([]);
    await executor.close();
    fleet.stop();
  });
});
