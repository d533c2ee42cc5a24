import { createHash } from 'node:crypto';
import type { ChangeFeed } from '../change-feed.js';

export interface SleepingTask {
  readonly pid: number;
  readonly name: string;
  /** how long it has not run */
  readonly seconds: number;
}

/** What has nothing to do with any volume: how the host is set up and how it feels. */
export interface Condition {
  /** lines of /etc/iscsi/iscsid.conf */
  readonly iscsidConf: Readonly<Record<string, string>>;
  /** the `defaults` section of multipathd's configuration, beside `find_multipaths` */
  readonly multipathDefaults: Readonly<Record<string, string>>;
  /** who listens on iscsid's control socket */
  readonly iscsid: 'running' | 'on demand' | 'absent';
  readonly availableMemoryPercent: number;
  /** in uninterruptible sleep */
  readonly blockedTasks: readonly SleepingTask[];
  readonly clockOffsetMs: number;
  readonly machineId: string;
  readonly hostNqn: string | null;
}

/** A host that nothing is wrong with, until a test says otherwise. */
export class HostCondition {
  readonly #changes: ChangeFeed;
  #now: Condition;

  constructor(changes: ChangeFeed, hostName: string) {
    this.#changes = changes;
    this.#now = {
      iscsidConf: {
        'iscsid.startup': '/usr/sbin/iscsid',
        'iscsid.safe_logout': 'Yes',
        'node.startup': 'manual',
        'node.session.timeo.replacement_timeout': '5',
        'node.conn[0].timeo.login_timeout': '15',
        'node.session.initial_login_retry_max': '2',
        'node.session.scan': 'manual',
      },
      multipathDefaults: {
        polling_interval: '5',
        flush_on_last_del: 'no',
        user_friendly_names: 'no',
        fast_io_fail_tmo: '5',
        no_path_retry: '12',
        skip_kpartx: 'no',
        recheck_wwid: 'yes',
      },
      iscsid: 'running',
      availableMemoryPercent: 80,
      blockedTasks: [],
      clockOffsetMs: 0,
      machineId: createHash('sha256').update(`machine ${hostName}`).digest('hex').slice(0, 32),
      hostNqn: null,
    };
  }

  get now(): Condition {
    return this.#now;
  }

  set(change: Partial<Condition>): void {
    this.#now = { ...this.#now, ...change };
    this.#changes.changed();
  }
}
