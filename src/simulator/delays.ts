/** How long things take on simulated hosts, in milliseconds. */
export interface Delays {
  /** a login or logout at a portal that answers */
  readonly loginMs: number;
  readonly logoutMs: number;
  /** iscsid gives up on a portal that does not answer (really 120 s by default) */
  readonly loginTimeoutMs: number;
  /** a scan, until the SCSI device is there, and from there until its disk is */
  readonly scanMs: number;
  readonly diskProbeMs: number;
  /** udev's rules, from the kernel's event until the daemons hear of it and links exist */
  readonly udevMs: number;
  /** multipathd, from udev's event until the map is loaded */
  readonly multipathdMs: number;
  /** multipathd's path checker notices a path that went or came back */
  readonly checkerMs: number;
  /** the initiator notices that a portal went silent (noop-out), and then waits before it fails I/O (recovery_tmo) */
  readonly linkLossMs: number;
  readonly replacementMs: number;
  /** a lost session is back after its portal is */
  readonly reconnectMs: number;
  /** starting any program */
  readonly commandMs: number;
}

/** Fast enough for a demonstration, slow enough that code which does not wait is caught. */
export const SHORT_DELAYS: Delays = {
  loginMs: 4,
  logoutMs: 3,
  loginTimeoutMs: 400,
  scanMs: 2,
  diskProbeMs: 2,
  udevMs: 6,
  multipathdMs: 6,
  checkerMs: 20,
  linkLossMs: 50,
  replacementMs: 200,
  reconnectMs: 20,
  commandMs: 0,
};

/** As the lab's hosts take it, with open-iscsi's and multipathd's own limits: for runs on a clock that is moved, where waiting costs nothing. */
export const LIFELIKE_DELAYS: Delays = {
  loginMs: 120,
  logoutMs: 80,
  loginTimeoutMs: 12_000,
  scanMs: 40,
  diskProbeMs: 30,
  udevMs: 250,
  multipathdMs: 600,
  checkerMs: 5000,
  linkLossMs: 10_000,
  replacementMs: 5000,
  reconnectMs: 2000,
  commandMs: 4,
};
