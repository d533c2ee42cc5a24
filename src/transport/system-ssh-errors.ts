import { LongshoreError } from '../errors/longshore-error.js';
import { printable } from './printable.js';
import type { SystemSshOptions } from './system-ssh-options.js';

/** What is known of an ssh that ended before the first shell answered. */
export interface EarlyEnd {
  /** all that it said on stdout and stderr, what the host said included */
  readonly noise: string;
  /** 255 when it is ssh's own; null when it was ended by a signal */
  readonly exit: number | null;
  /** it could not even be started */
  readonly startError?: string;
}

/** what ssh says when the other end closes before the first key exchange, as sshd does over MaxStartups */
const DROPPED = /^(?:kex|ssh)_exchange_identification: /m;
const REVOKED = /REVOKED HOST KEY|marked as revoked|host key .* revoked/i;
const CHANGED = /REMOTE HOST IDENTIFICATION HAS CHANGED|host key for .* has changed/i;
const HOST_KEY = /host key verification failed|no .* host key is known for|host key .* differs/i;
const REJECTED =
  /permission denied|too many authentication failures|no more authentication methods|certificate invalid/i;

/**
 * ssh's end in the terms of Longshore. Its own sentences are shown: they name what it tried, which nothing else knows.
 */
export function systemSshError(end: EarlyEnd, options: SystemSshOptions): LongshoreError {
  const { host, destination } = options;
  if (end.startError !== undefined) {
    return new LongshoreError('E_UNREACHABLE', `cannot start the program ssh: ${end.startError}`, {
      host,
      remedy: "install OpenSSH's client on this machine, or use the transport ssh2",
    });
  }
  const said = lastLines(end.noise);
  if (REVOKED.test(end.noise) || CHANGED.test(end.noise) || HOST_KEY.test(end.noise)) {
    return hostKeyError(end.noise, options);
  }
  if (REJECTED.test(end.noise)) {
    const locked = /UNPROTECTED PRIVATE KEY FILE|bad permissions/i.test(end.noise);
    return new LongshoreError('E_AUTH', `ssh could not log in to ${destination}: ${said}`, {
      host,
      remedy: locked
        ? 'make the key file readable for you alone (chmod 600)'
        : `check the user, the key, the certificate and its time; \`ssh -v ${destination}\` shows what is tried`,
    });
  }
  return new LongshoreError(
    'E_UNREACHABLE',
    `ssh could not connect to ${destination}${said === '' ? '' : `: ${said}`}`,
    {
      host,
      ...(DROPPED.test(end.noise) ? { droppedBeforeLogin: true } : {}),
      ...remedyFor(end.noise),
    },
  );
}

function hostKeyError(noise: string, { host, destination, hostKeys }: SystemSshOptions): LongshoreError {
  const shown = /(\S+) key (?:sent by the remote host is|fingerprint is)\s+(SHA256:\S+?)\.?\s/.exec(noise);
  const place = /Offending \S+ key in (\S+)/.exec(noise)?.[1];
  const key = shown === null ? '' : `, which shows the key ${shown[1] ?? ''} ${shown[2] ?? ''}`;
  const file = hostKeys.files?.[0] ?? '~/.ssh/known_hosts';
  if (REVOKED.test(noise)) {
    return new LongshoreError('E_HOST_KEY', `the host key of ${destination} is revoked${key}`, {
      host,
      remedy: 'do not connect; ask who runs the host',
    });
  }
  if (place !== undefined || CHANGED.test(noise)) {
    const where = place === undefined ? 'the known_hosts files' : printable(place);
    return new LongshoreError('E_HOST_KEY', `${destination} shows another host key than ${where} says${key}`, {
      host,
      remedy:
        'somebody may be between you and the host, or it was installed anew: compare the fingerprint on its console, then correct that line',
    });
  }
  return new LongshoreError('E_HOST_KEY', `no known_hosts file names ${destination}${key}`, {
    host,
    remedy: `compare the key on its console (ssh-keygen -lf), then add it to ${file}, or use --accept-new-host-keys`,
  });
}

function remedyFor(noise: string): { readonly remedy?: string } {
  if (/no matching .* found/i.test(noise)) {
    return {
      remedy: 'ssh and the host have no algorithm in common: see KexAlgorithms and HostKeyAlgorithms of ssh_config',
    };
  }
  if (/bad configuration option|terminating, \d+ bad configuration/i.test(noise)) {
    return { remedy: 'correct ssh_config, or the options of ansible_ssh_common_args' };
  }
  return {};
}

/** The end of what was said: at most two lines, safe to print. */
function lastLines(noise: string): string {
  const lines = noise.split(/[\r\n]+/).map((line) => line.trim());
  return lines
    .filter((line) => line !== '' && !/^@+$/.test(line))
    .slice(-2)
    .map((line) => printable(line.slice(0, 200)))
    .join('; ');
}
