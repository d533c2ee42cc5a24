import { deadlineIn } from '../../src/time/deadline.js';
import type { Stage, TraceScenario } from './stage.js';
import { VERB_MS, WRONG_SECRET } from './stage.js';

/** What Longshore does to a host, one recording each in this folder. `npx tsx tools/record-traces.ts` makes them anew. */
export const TRACE_SCENARIOS: readonly TraceScenario[] = [
  {
    name: 'attach-multipath-chap',
    ends: ['changed'],
    play: ({ volume, verb }) => verb((connector) => connector.attach(volume)),
  },
  {
    name: 'attach-again',
    ends: ['ok'],
    async play(stage) {
      await attachBefore(stage);
      await stage.verb((connector) => connector.attach(stage.volume));
    },
  },
  {
    name: 'attach-single',
    fleet: { portals: ['10.1.0.1:3260'], chap: false },
    ends: ['changed'],
    play: ({ volume, verb }) => verb((connector) => connector.attach({ ...volume, multipath: false })),
  },
  {
    name: 'attach-portal-down',
    ends: ['changed'],
    async play({ volume, prepare, verb }) {
      await prepare(({ fleet }) => fleet.array.setPortal(fleet.portals[1] ?? '', 'down'));
      await verb((connector) => connector.attach(volume));
    },
  },
  {
    name: 'attach-wrong-secret',
    ends: ['failed E_LOGIN_REJECTED'],
    play: ({ volume, verb }) =>
      verb((connector) => connector.attach({ ...volume, data: { ...volume.data, auth_password: WRONG_SECRET } })),
  },
  {
    name: 'attach-wrong-identity',
    ends: ['refused E_IDENTITY_MISMATCH'],
    play: ({ volume, verb }) =>
      verb((connector) => connector.attach({ ...volume, wwid: '36001405aaaaaaaaaaaaaaaaaaaaaaaaa' })),
  },
  {
    name: 'detach-multipath',
    ends: ['changed'],
    async play(stage) {
      await attachBefore(stage);
      await stage.verb((connector) => connector.detach(stage.volume, null));
    },
  },
  {
    name: 'detach-single',
    fleet: { portals: ['10.1.0.1:3260'], chap: false },
    ends: ['changed'],
    async play(stage) {
      const volume = { ...stage.volume, multipath: false };
      await attachBefore({ ...stage, volume });
      await stage.verb((connector) => connector.detach(volume, null));
    },
  },
  {
    name: 'detach-mounted',
    ends: ['refused E_DEVICE_BUSY'],
    async play(stage) {
      await attachBefore(stage);
      await stage.prepare(({ host }) => host.mount('/dev/dm-0', '/srv/data', { pid: 4242 }));
      await stage.verb((connector) => connector.detach(stage.volume, null));
    },
  },
  {
    name: 'detach-dead-path',
    ends: ['changed'],
    async play(stage) {
      await attachBefore(stage);
      await stage.prepare(({ fleet, host }) => {
        fleet.array.setPortal(fleet.portals[0] ?? '', 'down');
        return new Promise((resolve) => {
          const unsubscribe = host.environment.changes.subscribe(() => {
            if (host.iscsi.sessions.every((session) => session.state === 'LOGGED_IN')) return;
            unsubscribe();
            resolve();
          });
        });
      });
      await stage.verb((connector) => connector.detach(stage.volume, null));
    },
  },
  {
    // a controller died after it had removed the map and one of the two disks
    name: 'detach-resumed',
    ends: ['changed', 'ok'],
    async play(stage) {
      await attachBefore(stage);
      await stage.prepare(async ({ host, executor }) => {
        const wwid = stage.volume.wwid ?? '';
        const [unit] = host.scsi.units;
        const replies = await executor.sequence(deadlineIn(VERB_MS), [
          { kind: 'run', argv: ['multipath', '-f', wwid] },
          { kind: 'write', filePath: `/sys/class/scsi_device/${unit?.hctl}/device/delete`, content: '1' },
        ]);
        if (!replies.every(({ ok }) => ok)) throw new Error(`cannot prepare: ${JSON.stringify(replies)}`);
      });
      await stage.verb((connector) => connector.detach(stage.volume, null));
      await stage.verb((connector) => connector.detach(stage.volume, null));
    },
  },
];

async function attachBefore({ volume, prepare }: Stage): Promise<void> {
  await prepare(async ({ connector }) => {
    const { outcome } = await connector.attach(volume);
    if (outcome !== 'changed') throw new Error(`cannot prepare: attach ended ${outcome}`);
  });
}
