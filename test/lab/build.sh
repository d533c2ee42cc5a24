#!/usr/bin/env bash
# Builds the lab's guest: a root image, a kernel, an initramfs and the saved state of one booted, settled machine.
# Every guest of a lab is that machine, resumed and then told who it is.
#
# Prints the directory of the finished image as its only line on stdout; progress goes to stderr. The image is cached
# under a hash of everything that goes into it, so a second run is a look-up.
set -euo pipefail

here=$(cd "$(dirname "${BASH_SOURCE[0]}")" && pwd)
cache=${LONGSHORE_LAB_CACHE:-${XDG_CACHE_HOME:-${HOME:-/root}/.cache}/longshore-lab}
suite=bookworm
disk_size=4G
memory_mib=768
boot_deadline_s=300

guest_packages=(
  systemd-sysv udev dbus kmod procps iproute2 nftables iptables iputils-ping openssh-server sudo busybox-static fdisk
  open-iscsi multipath-tools nvme-cli sg3-utils lsscsi cryptsetup-bin xfsprogs e2fsprogs dmsetup
  linux-image-amd64 python3-os-brick
)

# shellcheck source=build-host.sh
. "$here/build-host.sh"

started=$SECONDS
say() { printf 'lab build [%3ss] %s\n' "$((SECONDS - started))" "$*" >&2; }
die() { say "failed: $*"; exit 1; }

image_key() {
  { cat "$here/build.sh" "$here/build-host.sh"; cd "$here/guest" && find . -type f | LC_ALL=C sort | xargs -d '\n' sha256sum; } |
    sha256sum | cut -c1-16
}

# The base system depends on the package list alone, so that a change to the guest's files does not fetch packages again.
base_key() {
  { printf '%s\n' "$suite" "${guest_packages[@]}"; declare -f make_base; } | sha256sum | cut -c1-16
}

make_base() {
  local out=$1 work=$2 part
  suite_sources >"$work/sources.list"
  [ -s "$work/sources.list" ] || die "apt on this machine has no source for Debian $suite"
  fetch_options >"$work/apt.conf"
  local excludes=()
  for part in gpu media sound staging iio infiniband/hw isdn net/wireless net/wwan net/can net/usb net/fddi usb hid input \
    hwmon mtd mmc video bluetooth platform power leds accel crypto/qat crypto/cavium crypto/ccp w1 thunderbolt comedi \
    net/ethernet/mellanox net/ethernet/broadcom net/ethernet/chelsio net/ethernet/qlogic net/ethernet/cavium \
    net/ethernet/netronome net/ethernet/sfc net/ethernet/marvell net/ethernet/emulex net/ethernet/amazon \
    net/ethernet/intel/ice net/ethernet/intel/i40e net/ethernet/intel/ixgbe scsi/lpfc scsi/qla2xxx scsi/bfa; do
    excludes+=(--dpkgopt="path-exclude=/lib/modules/*/kernel/drivers/$part/*")
  done
  for part in '/usr/share/doc/*' '/usr/share/man/*' '/usr/share/locale/*' '/usr/share/info/*' \
    '/usr/share/lintian/*' '/lib/modules/*/kernel/sound/*' '/lib/modules/*/kernel/net/wireless/*' \
    '/lib/modules/*/kernel/net/bluetooth/*' '/lib/modules/*/kernel/net/mac80211/*'; do
    excludes+=(--dpkgopt="path-exclude=$part")
  done
  # An initramfs is made here, by hand: the packages' own would cost 20 s for nothing.
  mmdebstrap --mode=root --variant=minbase --format=tar "${excludes[@]}" \
    --aptopt="$work/apt.conf" \
    --aptopt='Acquire::Languages "none"' --aptopt='Acquire::Retries "3"' \
    --include="$(IFS=,; printf '%s' "${guest_packages[*]}")" \
    --essential-hook='chroot "$1" dpkg-divert --local --quiet --rename --add /usr/sbin/update-initramfs' \
    --essential-hook='ln -s /bin/true "$1/usr/sbin/update-initramfs"' \
    "$suite" "$out" "$work/sources.list" </dev/null >&2
}

# Turns the Debian base into the lab's guest: accounts, keys, settings.
customise() {
  local root=$1 out=$2 account timer
  rm -f "$root/etc/apt/apt.conf.d/99mmdebstrap" "$root"/etc/apt/sources.list "$root"/etc/apt/sources.list.d/*
  cp -a --no-preserve=ownership "$here/guest/." "$root/"
  chmod 0755 "$root"/usr/local/sbin/lab-*
  chmod 0440 "$root"/etc/sudoers.d/*

  printf 'guest\n' >"$root/etc/hostname"
  printf '127.0.0.1 localhost\n' >"$root/etc/hosts"
  printf '/dev/vda / ext4 rw,noatime 0 1\n' >"$root/etc/fstab"
  : >"$root/etc/resolv.conf"
  # Not "uninitialized": systemd would take the first boot for an installation and enable every unit it has a preset for.
  tr -d - </proc/sys/kernel/random/uuid >"$root/etc/machine-id"

  ssh-keygen -q -t ed25519 -N '' -C longshore-lab -f "$out/id_ed25519"
  rm -f "$root"/etc/ssh/ssh_host_*
  ssh-keygen -q -t ed25519 -N '' -C longshore-lab-host -f "$root/etc/ssh/ssh_host_ed25519_key"
  cp "$root/etc/ssh/ssh_host_ed25519_key.pub" "$out/host_key.pub"

  chroot "$root" useradd --create-home --shell /bin/sh ops
  chroot "$root" useradd --create-home --shell /bin/bash opspw
  printf 'opspw:longshore\n' | chroot "$root" chpasswd
  for account in root home/ops home/opspw; do
    install -d -m 0700 "$root/$account/.ssh"
    install -m 0600 "$out/id_ed25519.pub" "$root/$account/.ssh/authorized_keys"
  done
  chroot "$root" chown -R ops:ops /home/ops/.ssh
  chroot "$root" chown -R opspw:opspw /home/opspw/.ssh

  set_iscsid node.startup manual
  set_iscsid node.session.timeo.replacement_timeout 10
  set_iscsid node.conn[0].timeo.login_timeout 5
  set_iscsid node.conn[0].timeo.logout_timeout 5
  set_iscsid node.conn[0].timeo.noop_out_interval 3
  set_iscsid node.conn[0].timeo.noop_out_timeout 3
  set_iscsid node.session.initial_login_retry_max 2
  # Every clone finds its own name when it resumes.
  printf 'InitiatorName=iqn.2026-01.test.longshore:unnamed\n' >"$root/etc/iscsi/initiatorname.iscsi"

  # A clone's clock jumps when it resumes; no housekeeping may start because of that.
  for timer in "$root"/lib/systemd/system/*.timer; do
    ln -sf /dev/null "$root/etc/systemd/system/${timer##*/}"
  done
  chroot "$root" systemctl --quiet enable ssh.service iscsid.service multipathd.service lab-net.service lab-ready.service
  chroot "$root" systemctl --quiet mask getty@tty1.service serial-getty@ttyS0.service \
    systemd-networkd.service systemd-networkd-wait-online.service
}

set_iscsid() {
  local file=$root/etc/iscsi/iscsid.conf
  grep -vF "$1 =" "$file" >"$file.new" || true
  printf '%s = %s\n' "$1" "$2" >>"$file.new"
  mv "$file.new" "$file"
  chmod 0600 "$file"
}

# The uncompressed kernel: under emulation, unpacking it in the guest would take seconds.
extract_kernel() {
  local bzimage=$1 out=$2 offset
  offset=$(LC_ALL=C grep -abo -m1 $'\xfd7zXZ' "$bzimage" | head -n1 | cut -d: -f1)
  [ -n "$offset" ] || die "no xz payload in $bzimage"
  tail -c "+$((offset + 1))" "$bzimage" | xz -dc --single-stream >"$out" 2>/dev/null || true
  [ "$(head -c 4 "$out" | tail -c 3)" = ELF ] || die "the kernel's payload is not an ELF file"
}

# A busybox that loads what the root disk needs and hands over.
make_initramfs() {
  local root=$1 out=$2 dir=$3 version module path
  version=$(basename "$(echo "$root"/lib/modules/*)")
  mkdir -p "$dir/bin" "$dir/modules" "$dir/proc" "$dir/sys" "$dir/dev" "$dir/root"
  cp "$root/bin/busybox" "$dir/bin/busybox"
  {
    printf '#!/bin/busybox sh\n'
    printf 'busybox mount -t proc proc /proc\nbusybox mount -t sysfs sysfs /sys\nbusybox mount -t devtmpfs dev /dev\n'
    for module in virtio_pci virtio_blk crc32c_generic ext4; do
      chroot "$root" modprobe --show-depends -S "$version" "$module" | sed -n 's/^insmod \([^ ]*\).*/\1/p'
    done | awk '!seen[$0]++' | while read -r path; do
      cp "$root$path" "$dir/modules/"
      printf 'busybox insmod /modules/%s\n' "${path##*/}"
    done
    printf 'busybox mount -t ext4 -o noatime /dev/vda /root\n'
    printf 'busybox mount --move /dev /root/dev\nbusybox umount /sys /proc\n'
    printf 'exec busybox switch_root /root /sbin/init\n'
  } >"$dir/init"
  chmod 0755 "$dir/init"
  (cd "$dir" && find . | cpio --quiet -o -H newc) >"$out"
}

# The machine, one argument a line. What differs from guest to guest (memory file, disk, networks, sockets) is added by
# whoever starts it; the devices here must be the same in every start, because the saved state describes them.
machine_arguments() {
  cat <<ARGS
-no-user-config
-nodefaults
-display
none
-accel
tcg,thread=multi,tb-size=256
-cpu
qemu64,+ssse3,+sse4.1,+sse4.2,+popcnt,+rdrand
-M
pc,memory-backend=ram
-m
${memory_mib}
-smp
1
-rtc
base=utc
-append
mitigations=off nokaslr quiet net.ifnames=0 console=ttyS0 panic=10
-device
vmgenid,guid=auto
-device
virtio-blk-pci,drive=root,addr=0x4
-device
virtio-net-pci,netdev=mgmt,addr=0x5,mac=52:54:00:10:00:01,romfile=
-device
e1000,netdev=storage1,id=nic1,addr=0x6,mac=52:54:00:10:00:02,romfile=
-device
e1000,netdev=storage2,id=nic2,addr=0x7,mac=52:54:00:10:00:03,romfile=
ARGS
}

# Boots the image once, waits until it has settled and writes disk, memory and device state as they are then.
save_state() {
  local dir=$1 qemu_pid deadline machine
  machine_arguments >"$dir/machine.args"
  mapfile -t machine <"$dir/machine.args"
  qemu-img create -q -f qcow2 -b "$dir/root.img" -F raw "$dir/root.qcow2"
  mkfifo "$dir/monitor"
  # 8 keeps the monitor's input open; the watchdog ends the guest if this script dies.
  exec 8<>"$dir/monitor"
  setpriv --pdeathsig KILL -- qemu-system-x86_64 "${machine[@]}" \
    -object "memory-backend-file,id=ram,size=${memory_mib}M,mem-path=$dir/memory,share=on" \
    -kernel "$dir/vmlinux" -initrd "$dir/initramfs" \
    -drive "file=$dir/root.qcow2,if=none,id=root,format=qcow2,cache=unsafe" \
    -netdev user,id=mgmt,restrict=on,ipv6=off -netdev hubport,id=storage1,hubid=1 -netdev hubport,id=storage2,hubid=2 \
    -serial "file:$dir/console.log" -monitor stdio <&8 >"$dir/monitor.log" 2>&1 9>&- &
  qemu_pid=$!
  trap 'kill -KILL "$qemu_pid" 2>/dev/null || true' RETURN
  deadline=$((SECONDS + boot_deadline_s))
  until grep -q LAB-READY "$dir/console.log" 2>/dev/null; do
    kill -0 "$qemu_pid" 2>/dev/null || { cat "$dir/monitor.log" >&2; die "the guest's machine ended"; }
    [ "$SECONDS" -lt "$deadline" ] || { tail -n 40 "$dir/console.log" >&2; die "the guest was not ready in time"; }
    sleep 0.3
  done
  say "booted and settled; saving"
  # Memory is a shared file already: only the device state needs to be written.
  printf '%s\n' 'stop' 'migrate_set_capability x-ignore-shared on' "migrate \"exec:cat > '$dir/devices'\"" >&8
  until printf 'info migrate\n' >&8 && sleep 0.3 && grep -q 'Migration status: completed' "$dir/monitor.log"; do
    [ "$SECONDS" -lt "$deadline" ] || { cat "$dir/monitor.log" >&2; die "the state could not be saved"; }
  done
  printf 'quit\n' >&8
  wait "$qemu_pid" || true
  trap - RETURN
  exec 8>&-
  rm -f "$dir/monitor" "$dir/monitor.log"
}

build() {
  local final=$1 work=$2 base root
  base=$cache/base-$(base_key).tar
  if [ ! -f "$base" ]; then
    say 'fetching and installing the Debian base'
    make_base "$work/base.tar" "$work"
    mv "$work/base.tar" "$base"
  fi
  touch "$base"
  root=$work/rootfs
  mkdir -p "$work/image" "$root"
  say 'making the root image'
  tar -C "$root" -xf "$base"
  customise "$root" "$work/image"
  extract_kernel "$(echo "$root"/boot/vmlinuz-*)" "$work/image/vmlinux"
  make_initramfs "$root" "$work/image/initramfs" "$work/initramfs"
  rm -rf "$root"/boot/* "$root"/var/lib/apt/lists/* "$root"/var/cache/apt/*
  truncate -s "$disk_size" "$work/image/root.img"
  mkfs.ext4 -q -F -J size=16 -E lazy_itable_init=1,nodiscard -d "$root" "$work/image/root.img" >&2
  rm -rf "$root"
  say 'booting it once'
  save_state "$work/image"
  # The overlay named its base by the temporary path.
  qemu-img rebase -q -u -f qcow2 -F raw -b root.img "$work/image/root.qcow2"
  rm -rf "$final"
  mv "$work/image" "$final"
}

# Images and bases of former build inputs go after a week in which nobody started them.
forget_unused() {
  local stale
  find "$cache" -maxdepth 1 -name 'base-*.tar' -mtime +7 -delete
  find "$cache" -mindepth 2 -maxdepth 2 -name used -mtime +7 -printf '%h\n' | while read -r stale; do rm -rf "$stale"; done
}

main() {
  local key final
  key=$(image_key)
  final=$cache/$key
  if [ ! -d "$final" ]; then
    [ "$(uname -m)" = x86_64 ] || die 'the lab needs an x86_64 machine'
    mkdir -p "$cache"
    chmod 0700 "$cache"
    exec 9>"$cache/build.lock"
    flock 9
    if [ ! -d "$final" ]; then
      [ "$(id -u)" = 0 ] || die 'the image must be built by root'
      rm -rf "$cache"/building.*
      require_host_tools
      have_package_lists || apt_get update
      work=$(mktemp -d "$cache/building.XXXXXX")
      trap 'rm -rf "$work"' EXIT
      build "$final" "$work"
      forget_unused
      say "done: $final ($(du -sh "$final" | cut -f1))"
    fi
  else
    require_host_tools
  fi
  touch "$final/used"
  printf '%s\n' "$final"
}

main "$@"
