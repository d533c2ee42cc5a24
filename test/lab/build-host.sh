# shellcheck shell=bash
# What the build of the lab's guest needs of the machine it runs on: sourced by build.sh.

require_host_tools() {
  local missing=() pair
  for pair in qemu-system-x86_64=qemu-system-x86 qemu-img=qemu-utils mmdebstrap=mmdebstrap mkfs.ext4=e2fsprogs \
    cpio=cpio xz=xz-utils ssh-keygen=openssh-client flock=util-linux setpriv=util-linux; do
    command -v "${pair%%=*}" >/dev/null || missing+=("${pair#*=}")
  done
  [ "${#missing[@]}" -gt 0 ] || return 0
  [ "$(id -u)" = 0 ] || die "these packages are missing, and only root can install them: ${missing[*]}"
  say "installing ${missing[*]}"
  have_package_lists || apt_get update
  apt_get install -y --no-install-recommends "${missing[@]}" ||
    { apt_get update && apt_get install -y --no-install-recommends "${missing[@]}"; }
}

apt_get() { DEBIAN_FRONTEND=noninteractive apt-get -o DPkg::Lock::Timeout=300 -o Acquire::Retries=3 "$@" </dev/null >&2; }

# Says whether apt knows the suite from this machine's own sources.
have_package_lists() { [ -n "$(suite_sources)" ]; }

# This machine's own sources for the suite, as one-line entries.
suite_sources() {
  local origin codename uri release component key option
  apt-get indextargets --format '$(ORIGIN)|$(CODENAME)|$(REPO_URI)|$(RELEASE)|$(COMPONENT)|$(SIGNED_BY)' \
    'Identifier: Packages' 2>/dev/null |
    while IFS='|' read -r origin codename uri release component key; do
      [ "$origin" = Debian ] && [ "$component" = main ] || continue
      case $codename in "$suite" | "$suite-updates" | "$suite-security") ;; *) continue ;; esac
      option=
      if [ -f "$key" ]; then option="[signed-by=$key] "; fi
      printf 'deb %s%s %s main\n' "$option" "$uri" "$release"
    done | sort -u
}

# What this machine tells apt about fetching: proxies, timeouts, date checks.
fetch_options() {
  apt-config dump | grep -iE '^Acquire::(https?::|Retries|Check-Valid-Until|Check-Date|ForceIPv)' | grep -v '""' || true
}
