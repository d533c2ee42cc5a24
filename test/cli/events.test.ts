import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { type EventDocument, eventSchema } from '../../src/report/event-schema.js';
import { startSimulatedFleet } from '../../src/simulator/fleet.js';
import { longshore } from './longshore.js';
import { scratchDirectory } from './scratch.js';

describe('--events', () => {
  it('tells each change before and after it, and how each host ended; every line is of the schema', async () => {
    await using scratch = await scratchDirectory();
    await using fleet = await startSimulatedFleet({ hosts: 2 });
    const files = await fleet.writeFiles(scratch.directoryPath);
    const [refusing] = fleet.hosts;
    const site = ['-i', files.inventoryFile, '--known-hosts', files.knownHostsFile, '--volume', 'data'];
    await longshore(['attach', ...site]);
    refusing?.mount('dm-0', '/srv');
    const filePath = join(scratch.directoryPath, 'events.ndjson');
    await longshore(['detach', ...site, '--events', filePath]);
    const lines = (await readFile(filePath, 'utf8')).trimEnd().split('\n');
    const events = lines.map((line): EventDocument => eventSchema.parse(JSON.parse(line)));
    expect(events[0]).toMatchObject({ type: 'run-started', verb: 'detach', hosts: ['dock01', 'dock02'] });
    expect(events.at(-1)?.type).toBe('run-ended');
    expect(new Set(events.map(({ run }) => run)).size).toBe(1);
    const steps = events.filter((event) => event.type === 'step-started' || event.type === 'step-ended');
    expect(steps.length).toBeGreaterThan(4);
    expect(steps.every((event) => event.host === 'dock02')).toBe(true);
    const ends = events.flatMap((event) => (event.type === 'host-ended' ? [[String(event['host']), event]] : []));
    expect(Object.fromEntries(ends)).toMatchObject({
      dock01: { outcome: 'refused', error: { code: 'E_DEVICE_BUSY' } },
      dock02: { outcome: 'changed' },
    });
  });

  it('a file that cannot be written is told before any host is connected to', async () => {
    await using scratch = await scratchDirectory();
    await using fleet = await startSimulatedFleet({ hosts: 1 });
    const files = await fleet.writeFiles(scratch.directoryPath);
    const site = ['-i', files.inventoryFile, '--known-hosts', files.knownHostsFile, '--volume', 'data'];
    const { code, stderr } = await longshore(['attach', ...site, '--events', '/no/such/place/events']);
    expect(code).toBe(3);
    expect(stderr).toContain('--events: /no/such/place/events cannot be written (ENOENT)');
    expect(fleet.hosts[0]?.commands).toEqual([]);
  });
});
