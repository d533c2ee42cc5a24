/**
 * Part of the lane library: the watch, which bounds plain commands that follow each other on a lane.
 *
 * `timeout` costs as much as the command that it bounds, and a shell that may not fork for itself (dash starts a command by vfork) costs still
 * less. So from the third run with one and the same limit on, commands start bare, and one subshell in the background ends a child of the lane
 * that is older than the limit, with all that it has started: asked to first, killed 3 s later. It sleeps as long as no child can be that old, and has no lock.
 *
 * - It reads the lane's children from `/proc/PID/task/PID/children` (Linux 3.5, always there since 4.2 with CONFIG_PROC_CHILDREN) and their age from
 *   `/proc/PID/stat`. Where the clock of those differs from that of `/proc/uptime` (lxcfs in containers), it ends at once, and `timeout` stays in use.
 * - It must not see a child with another limit: anything but a plain run with its own limit ends it first.
 * - A lane that ends takes it along; one that is killed is noticed after 20 s.
 * - A word that is a builtin of the shell is no program: `command -v` tells, once for each. The storage tools are none anywhere.
 * - Its redirections stand on parentheses: those of a function leave copies of the descriptors open, the lock's among them.
 * - sudo passes no signal on that comes from its own process group, which `timeout` leaves and a bare command does not.
 */
export const LIBRARY_WATCH: string = String.raw`lU= lV= lW=
lE=' iscsiadm dmsetup multipath multipathd'
l_born() {
  lB=
  { read -r lB <"/proc/$1/stat"; } 2>/dev/null
  set -- ${'${lB##*) }'}
  lB=${'${20}'}
  case $lB in '' | *[!0-9]*) return 1 ;; esac
}
l_end() {
  lz=
  set -- "$1"
  while [ $# -gt 0 ]; do
    l_born "$1" && lz="$lz $1:$lB"
    lg=
    for lo in /proc/"$1"/task/*/children; do lv=; read -r lv <"$lo"; lg="$lg $lv"; done
    shift
    set -- "$@" $lg
  done
  for lo in $lz; do kill "${'${lo%:*}'}"; done
  for lg in 1 2 3; do
    lj=
    for lo in $lz; do l_born "${'${lo%:*}'}" && [ "$lB" = "${'${lo#*:}'}" ] && lj="$lj ${'${lo%:*}'}"; done
    [ -n "$lj" ] || return
    sleep 1 &
    lp=$!
    wait $lp
  done
  kill -9 $lj
}
l_watched() {
  lp=
  trap '[ -z "$lp" ] || kill $lp; exit 0' TERM
  read -r lw lx </proc/self/stat
  l_born "$lw" || exit 0
  l_now
  [ $((lt-lB)) -ge -1 ] && [ $((lt-lB)) -le 200 ] || exit 0
  l_born $$ || exit 0
  lc=$lB
  while l_born $$ && [ "$lB" = "$lc" ]; do
    ly=20
    [ $ls -gt $ly ] || ly=$ls
    lx=
    read -r lx </proc/$$/task/$$/children
    for lf in $lx; do
      [ "$lf" != "$lw" ] && l_born "$lf" || continue
      l_now
      la=$((ls-(lt-lB)/100))
      [ $la -gt 0 ] || { l_end "$lf"; la=1; }
      [ $la -ge $ly ] || ly=$la
    done
    sleep $ly &
    lp=$!
    wait $lp
    lp=
  done
}
l_watch() {
  [ -r /proc/$$/task/$$/children ] || { lV=never; return; }
  ln=$((ln+2))
  ( l_watched ) </dev/null >/dev/null 2>&1 8>&- 9>&- &
  lW=$! lV=$ls
  trap l_unwatch 0
}
l_unwatch() {
  lU=
  case $lV in never | '') return ;; esac
  kill $lW 2>/dev/null
  lV=
}
l_external() { case $1 in */*) ;; *) case "$lE " in *" $1 "*) ;; *) return 1 ;; esac ;; esac; }
l_bare() {
  [ "$lV" != never ] || return 1
  if [ "$ls" != "$lU" ]; then
    l_unwatch
    lU=$ls
    return 1
  fi
  if [ -z "$lV" ]; then l_watch; return 1; fi
  [ -e /proc/$lW/exe ] || { lV=never; return 1; }
  case $1 in sudo | doas | su) return 1 ;; esac
  l_external "$1" && return
  ln=$((ln+1))
  case $(command -v "$1" 2>/dev/null) in /*) lE="$lE $1" ;; *) return 1 ;; esac
}
`;
