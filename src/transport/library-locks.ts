/**
 * `lock` and `join`: flocks on two files per name, open on descriptors 8 and 9 of the lane's shell, which its commands inherit.
 *
 * The lane that takes the lock holds NAME.lock exclusively; every other lane of the same controller holds NAME.work shared. A newcomer
 * must get NAME.lock and then, for a moment, NAME.work exclusively. So what a controller that died left running on any of its
 * lanes still keeps others out, until it ends.
 */
export const LIBRARY_LOCKS: string = String.raw`l_files() {
  for ld in /run/longshore /run/lock /tmp; do
    if [ $ld = /run/longshore ] && [ ! -d $ld ] && [ -w /run ]; then
      ln=$((ln+1))
      mkdir -m 0700 $ld </dev/null 2>/dev/null
    fi
    [ -d $ld ] && [ -w $ld ] && [ -x $ld ] && break
  done
  ld=$ld/longshore-$1
  { true >>"$ld.lock"; } 2>/dev/null && { true >>"$ld.work"; } 2>/dev/null
}
l_try() {
  while :; do
    ln=$((ln+1))
    "$@" </dev/null 2>/dev/null && return 0
    l_late && return 1
    l_pause
  done
}
l_lock() {
  if [ "$lh" = "$1" ]; then return; fi
  lm=$3 lu=0 la=
  l_clip
  lk=0
  if ! command -v flock >/dev/null 2>&1; then la='no lock: the flock command (util-linux) is missing'; l_flush; return; fi
  if ! l_files "$1"; then la="no lock: cannot write $ld.lock"; l_flush; return; fi
  exec 9>>"$ld.lock" 8>>"$ld.work"
  if l_try flock -n -x 9 && l_try flock -n -x 8; then
    exec 8>&-
    { printf '%s\n' "$2" >"$ld.lock"; } 2>/dev/null && lk=1 lh=$1 && return
  fi
  { l_content "$ld.lock"; } 2>/dev/null
  exec 8>&- 9>&-
  la=$lo
  l_flush
}
l_join() {
  if [ "$lh" = "$1" ]; then return; fi
  lk=0
  l_files "$1" || return
  exec 8>>"$ld.work"
  ln=$((ln+1))
  flock -n -s 8 </dev/null 2>/dev/null && lk=1 lh=$1
}
`;
