export const TRANSPORTS = ['auto', 'ssh2', 'openssh'] as const;

/** How a host is reached by SSH: by ssh2, by the system's `ssh`, or by the one of them that the configuration needs. */
export type TransportChoice = (typeof TRANSPORTS)[number];
