import { describe, expect, it } from 'vitest';
import { IscsiConnector } from '../../src/connectors/iscsi/iscsi-connector.js';
import { DirectExecutor } from '../../src/simulator/direct-executor.js';
import { deadlineIn } from '../../src/time/deadline.js';
import { codeOf, site } from './iscsi-site.js';

describe('an attach that is interrupted between two steps', () => {
  it('names what it may have left, also what the host was not seen with any more', async () => {
    const { host, volume, fleet } = site();
    const interrupt = new AbortController();
    const executor = new DirectExecutor(host);
    const connector = new IscsiConnector({ executor, deadline: deadlineIn(20_000, interrupt.signal), runId: 'test' });
    const result = await connector.attach(volume(), {
      onEvent: (event) => {
        if (event.type === 'step-ended' && event.step === `login ${fleet.portals[0]}`) interrupt.abort();
      },
    });
    await executor.close();
    expect(codeOf(result.error)).toBe('E_INTERRUPTED');
    expect(host.iscsi.sessions.length).toBeGreaterThan(0);
    const warning = result.warnings.join();
    expect(warning).toContain('may be left on the host');
    for (const { portal } of host.iscsi.sessions)
      expect(warning).toContain(`session of ${fleet.targetName} at ${portal}`);
    for (const portal of fleet.portals) expect(warning).toContain(`node record of ${fleet.targetName} at ${portal}`);
  });
});
