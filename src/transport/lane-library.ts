/**
 * What a lane's shell is given once: POSIX sh (dash, busybox ash, bash, ksh) with the functions that answer requests. `lq` runs one
 * request; its reply ends with a line on stdout, and for `run` one on stderr, that begins with the lane's nonce.
 *
 * IFS is empty throughout, so that unquoted `$p` is expanded as a glob but never split. Output of a command goes straight
 * through; only `expect` has to hold it back.
 */
export const LANE_LIBRARY: string = String.raw`IFS=
LC_ALL=C
export LC_ALL
lo=1
lp=0
ls_frac=1
command -v timeout >/dev/null 2>&1 && lt=1 || lt=0
l_end() { printf '\n%s %s %s %s %s\n' "$LN" "$li" "$lo" "$lp" "$1"; lp=0; }
l_exists() { [ -e "$1" ] || [ -L "$1" ]; }
l_read() {
  for p in "$@"; do for f in $p; do
    l_exists "$f" || continue
    if [ -d "$f" ] || [ ! -r "$f" ]; then printf 'u%s\n' "$f"; continue; fi
    printf 'f%s\n' "$f"
    { while read -r l || [ -n "$l" ]; do printf '=%s\n' "$l"; l=; done; } 2>/dev/null <"$f" || printf 'u%s\n' "$f"
  done; done
  l_end ''
}
l_list() {
  r=$1; shift
  n=$#
  while [ $n -gt 0 ]; do
    p=$1; shift; n=$((n-1))
    for f in $p; do l_exists "$f" && set -- "$@" "$f"; done
  done
  for f in "$@"; do printf 'p%s\n' "$f"; done
  if [ "$r" = 1 ] && [ $# -gt 0 ]; then
    lp=1
    readlink -f -- "$@" 2>/dev/null </dev/null | while read -r l; do printf 'r%s\n' "$l"; done
  fi
  l_end ''
}
l_ok() { case $1 in any) lo=1 ;; *) case " $1 " in *" $2 "*) lo=1 ;; *) lo=0 ;; esac ;; esac; }
l_run() {
  t=$1 k=$2 e=$3 x=$4 m=$5 s=$6 n=$7
  shift 7
  if [ $n -gt 0 ]; then
    h=0
    while [ $n -gt 0 ]; do
      for f in $1; do l_exists "$f" && h=1 && break; done
      shift; n=$((n-1))
    done
    if [ $h = 0 ]; then printf '\n%s %s\n' "$LN" "$li" >&2; l_end 0; return; fi
  fi
  n=$1; shift
  while [ $n -gt 0 ]; do
    p=$1; shift; n=$((n-1))
    for f in $p; do l_exists "$f" && set -- "$@" "$f"; done
  done
  lp=1
  if [ $lt = 1 ] && [ $t != 0 ]; then set -- timeout -k 5 "$t" "$@"; lp=2; fi
  if [ "$e" = 1 ]; then
    if [ "$m" = 1 ]; then o=$(printf '%s' "$s" | "$@"); z=$?; lp=$((lp+1)); else o=$("$@" </dev/null); z=$?; fi
    printf '%s' "$o"
    l_ok "$k" $z
    [ "$o" = "$x" ] || lo=0
  elif [ "$m" = 1 ]; then
    printf '%s' "$s" | "$@"; z=$?; lp=$((lp+1)); l_ok "$k" $z
  else
    "$@" </dev/null; z=$?; l_ok "$k" $z
  fi
  printf '\n%s %s\n' "$LN" "$li" >&2
  l_end $z
}
l_write() {
  a=$1 c=$2
  shift 2
  n=0; g=
  for p in "$@"; do for f in $p; do l_exists "$f" && n=$((n+1)) && g=$f; done; done
  lo=0
  if [ $n = 0 ]; then printf '%s: no such file' "$1" >&2
  elif [ $n != 1 ]; then printf '%s: matches %s files' "$1" $n >&2
  elif [ "$a" = 1 ]; then { printf '%s' "$c" >>"$g"; } && lo=1
  else { printf '%s' "$c" >"$g"; } && lo=1
  fi
  printf '\n%s %s\n' "$LN" "$li" >&2
  l_end ''
}
l_content() {
  c=
  [ -r "$1" ] || return 1
  { while read -r l || [ -n "$l" ]; do c="$c$l
"; l=; done; } 2>/dev/null <"$1" || return 1
  while :; do case $c in *"
") c=${'${c%?}'} ;; *) break ;; esac; done
}
l_look() {
  lm= lb=0
  n=$1; shift
  while [ $n -gt 0 ]; do
    h=0
    for f in $1; do if l_exists "$f"; then h=1; lm="$lm
m$f"; fi; done
    [ $h = 1 ] || lb=1
    shift; n=$((n-1))
  done
  n=$1; shift
  while [ $n -gt 0 ]; do
    d=${'${1%%[*?[]*}'}; d=${'${d%/*}'}
    if [ -n "$d" ] && [ -d "$d" ] && { [ ! -r "$d" ] || [ ! -x "$d" ]; }; then lb=1; lm="$lm
a$d"; fi
    for f in $1; do if l_exists "$f"; then lb=1; lm="$lm
a$f"; fi; done
    shift; n=$((n-1))
  done
  n=$1; shift
  while [ $n -gt 0 ]; do
    h=0
    l_content "$1" && h=1
    shift; v=$1; shift
    g=0
    while [ $v -gt 0 ]; do [ $h = 1 ] && [ "$c" = "$1" ] && g=1; shift; v=$((v-1)); done
    [ $g = 1 ] || lb=1
    n=$((n-1))
  done
  n=$1; shift
  if [ $n -gt 0 ]; then
    lw=$n
    w=
    while [ $lw -gt 0 ]; do w="$w $1"; shift; lw=$((lw-1)); done
    lp=$((lp+1))
    if [ $lt = 1 ]; then lp=$((lp+1)); o=$(timeout -k 2 10 "$@" 2>/dev/null </dev/null); else o=$("$@" 2>/dev/null </dev/null); fi || lb=1
    IFS=' 	
'
    set -f
    for f in $o; do case "$w " in *" $f "*) lb=1 ;; esac; done
    set +f
    IFS=
  fi
  return $lb
}
l_now() { ln=0; { read -r l </proc/uptime && l=${'${l%% *}'} && ln=${'${l%.*}${l#*.}'}0; } 2>/dev/null; ln=${'${ln#0}'}; while :; do case $ln in 0?*) ln=${'${ln#0}'} ;; *) break ;; esac; done; }
l_wait() {
  t=$1; shift
  q=20
  l_now; b=$ln; y=0
  while :; do
    if l_look "$@"; then lo=1; break; fi
    lo=0
    l_now; a=$((ln-b)); [ $a -ge $y ] || a=$y
    [ $a -lt $t ] || break
    r=$((t-a)); [ $q -le $r ] || q=$r
    lp=$((lp+1))
    if [ $ls_frac = 1 ]; then
      case $q in ?) z=0.00$q ;; ??) z=0.0$q ;; *) z=0.$q ;; esac
      sleep $z 2>/dev/null </dev/null || { ls_frac=0; sleep 1 </dev/null; q=1000; }
    else sleep 1 </dev/null; q=1000; fi
    y=$((y+q))
    q=$((q*2)); [ $q -le 500 ] || q=500
  done
  printf '%s\n' "$lm"
  l_end ''
}
l_dir() {
  for ld in /run/longshore /run/lock /tmp; do
    if [ $ld = /run/longshore ] && [ ! -d $ld ] && [ -w /run ]; then lp=$((lp+1)); mkdir -m 700 $ld 2>/dev/null </dev/null; fi
    [ -d $ld ] && [ -w $ld ] && [ -x $ld ] && return 0
  done
  return 1
}
l_lock() {
  lo=0; o=
  if [ "$lh" = "$1" ]; then lo=1; l_end ''; return; fi
  if l_dir && f=$ld/longshore-$1 && { : >>"$f.lock" && : >>"$f.work"; } 2>/dev/null; then
    exec 9>>"$f.lock" 8>>"$f.work"
    lp=$((lp+1))
    if flock -w "$3" 9 2>/dev/null </dev/null && lp=$((lp+1)) && flock -w "$3" 8 2>/dev/null </dev/null; then
      exec 8>&-
      printf '%s\n' "$2" >"$f.lock"
      lo=1; lh=$1
    else
      read -r o <"$f.lock" 2>/dev/null
      exec 9>&- 8>&-
    fi
  else o="no folder for lock files"; fi
  printf '%s' "$o"
  l_end ''
}
l_join() {
  lo=0
  if l_dir && f=$ld/longshore-$1 && { : >>"$f.work"; } 2>/dev/null; then
    exec 8>>"$f.work"
    lp=$((lp+1))
    flock -s -w 5 8 2>/dev/null </dev/null && lo=1
  fi
  l_end ''
}
lq() {
  li=$1 lc=$2 lk=$3
  shift 3
  if [ "$lc" = then ] && [ $lo = 0 ]; then printf '\n%s %s skip\n' "$LN" "$li"; return; fi
  lo=1
  "l_$lk" "$@"
}
`;
