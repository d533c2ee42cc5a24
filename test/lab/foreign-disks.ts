import type { Guest } from './guest.js';

const PER_HOST = 250;

/**
 * Gives a client so many SCSI disks that nobody of the test looks after, of the kernel's scsi_debug. udev does not hear of them: its rules for each would
 * keep an emulated guest busy for minutes. multipathd is told to leave them alone, should it ask.
 */
export async function addForeignDisks(client: Guest, count: number): Promise<void> {
  await client.run(
    `mkdir -p /etc/multipath/conf.d
     printf 'blacklist {\\n device {\\n vendor Linux\\n product scsi_debug\\n }\\n}\\n' >/etc/multipath/conf.d/foreign.conf
     multipathd reconfigure >/dev/null
     systemctl stop systemd-udevd-kernel.socket systemd-udevd-control.socket systemd-udevd.service
     modprobe scsi_debug add_host=${Math.ceil(count / PER_HOST)} max_luns=${Math.min(count, PER_HOST)} delay=0 dev_size_mb=1
     for i in $(seq 400); do
       set -- /sys/bus/pseudo/drivers/scsi_debug/adapter*/host*/target*/*:*:*:*/block/sd*
       [ $# -ge ${count} ] && break
       sleep 0.5
     done
     systemctl start systemd-udevd-control.socket systemd-udevd-kernel.socket systemd-udevd.service
     [ $# -ge ${count} ]`,
    { timeoutMs: 240_000 },
  );
}

/** Takes them away again. */
export async function removeForeignDisks(client: Guest): Promise<void> {
  await client.run(
    `systemctl stop systemd-udevd-kernel.socket systemd-udevd-control.socket systemd-udevd.service
     rmmod scsi_debug
     systemctl start systemd-udevd-control.socket systemd-udevd-kernel.socket systemd-udevd.service
     rm -f /etc/multipath/conf.d/foreign.conf
     multipathd reconfigure >/dev/null`,
    { timeoutMs: 240_000 },
  );
}
