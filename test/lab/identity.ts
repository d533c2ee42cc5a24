import { randomUUID } from 'node:crypto';
import { initiatorNameOf, type Guest } from './guest.js';

/** The last byte of each guest's storage addresses. */
const NODE_NUMBERS = { target: 1, client1: 2, client2: 3 } as const;

export const STORAGE_NETWORKS = ['10.1.0', '10.2.0'] as const;

/** Tells a guest that was just resumed who it is and what time it is. What it is told survives a power cut. */
export async function becomeItself(guest: Guest): Promise<void> {
  const role = guest.name === 'target' ? '' : START_INITIATOR;
  await guest.run('exec /bin/sh -eu', { input: `${identity(guest.name)}\n${role}\n`, timeoutMs: 180_000 });
}

function identity(name: Guest['name']): string {
  const number = NODE_NUMBERS[name];
  const hosts = Object.entries(NODE_NUMBERS).flatMap(([host, node]) =>
    STORAGE_NETWORKS.map((net) => `${net}.${node} ${host}`),
  );
  return `
    date -s @${(Date.now() / 1000).toFixed(3)} >/dev/null
    mkdir -p /etc/lab
    echo ${number} >/etc/lab/node
    /usr/local/sbin/lab-net &
    echo ${name} >/etc/hostname
    echo ${name} >/proc/sys/kernel/hostname
    printf '%s\\n' '127.0.0.1 localhost ${name}' ${hosts.map((line) => `'${line}'`).join(' ')} >/etc/hosts
    echo ${randomUUID().replaceAll('-', '')} >/etc/machine-id
    echo ${randomUUID()}${randomUUID()} >/dev/urandom
    echo 'InitiatorName=${initiatorNameOf(name)}' >/etc/iscsi/initiatorname.iscsi
    wait $!`;
}

const START_INITIATOR = `
    rm -f /etc/nvme/hostid /etc/nvme/hostnqn
    systemctl start iscsid.socket iscsid.service
    multipathd show status >/dev/null || systemctl restart multipathd`;
