/** Part of the lane library: start, time, requests and frames. */
export const LIBRARY_FRAMES: string = String.raw`LC_ALL=C
export LC_ALL
PATH=$PATH:/usr/local/sbin:/usr/sbin:/sbin
cd /
set +f +e +u
lL='
'
IFS=' 	'$lL
lh= lk=1 lb=0 lS=1
l_timeout() {
  lT=
  IFS=:
  for lf in $PATH; do
    [ -x "$lf/timeout" ] || continue
    lT=k
    for lg in /bin/busybox /usr/bin/busybox; do [ "$lf/timeout" -ef "$lg" ] && lT=; done
    break
  done 2>/dev/null
  IFS=' 	'$lL
  [ -z "$lT" ] && [ -n "$lf" ] && [ -x "$lf/timeout" ] || return 0
  ln=$((ln+1)); timeout -k 5 9 true </dev/null >/dev/null 2>&1 && lT=k && return
  ln=$((ln+1)); timeout 9 true </dev/null >/dev/null 2>&1 && lT=n && return
  ln=$((ln+1)); timeout -t 9 true </dev/null >/dev/null 2>&1 && lT=t
  return 0
}
l_hello() {
  if PATH=/nonexistent printf '' 2>/dev/null; then :; else
    echo 'this /bin/sh has no builtin printf' >&2
    exit 1
  fi
  ln=1
  l_timeout
  printf '\n%s ready 1 %s\n' "$LN" "$ln" || exit 1
  printf '\n%s ready\n' "$LN" >&2
}
l_now() { lt=0; { read -r lt lx </proc/uptime && lt=$((${'${lt%.*}'}*100+1${'${lt#*.}'}-100)); } 2>/dev/null || lt=0; }
lq() {
  [ $# = $(($1+1)) ] || exit 1
  shift
  li=$1 lc=$4
  l_now; l0=$lt
  if [ "$2" = first ]; then
    lk=1 lb=0
    [ "$3" -gt 0 ] && [ "$lt" -gt 0 ] && lb=$((lt+$3/10+1))
  fi
  [ "$lk" = 1 ] && [ "$lb" -gt 0 ] && [ "$lt" -ge "$lb" ] && lk=0
  if [ "$lk" = 0 ]; then printf '\n%s %s skip\n' "$LN" "$li" || exit 1; return; fi
  shift 4
  ln=0 ly=
  [ "$lc" = run ] || l_unwatch
  printf '\n%s begin %s\n' "$LN" "$li" || exit 1
  case $lc in run | write) printf '\n%s begin %s\n' "$LN" "$li" >&2 ;; esac
  "l_$lc" "$@"
  case $lc in run | write) printf '\n%s %s\n' "$LN" "$li" >&2 ;; esac
  printf '\n%s %s %s %s %s\n' "$LN" "$li" "$lk" "$ln" "$ly" || exit 1
}
`;
