/** Part of the lane library: `run`: under timeout(1), bare where the lane's watch bounds it, or, where there is no timeout, under a watchdog of its own. */
export const LIBRARY_COMMANDS: string = String.raw`l_clip() { [ "$lb" -gt 0 ] && [ "$lm" -gt $(((lb-l0)*10)) ] && lm=$(((lb-l0)*10)); ls=$(((lm+999)/1000)); [ "$ls" -gt 0 ] || ls=1; }
l_dog() {
  { (exec "$@") <&3 3<&- & } 3<&0
  lp=$!
  (
    lw=0
    while [ $lw -lt "$ls" ]; do sleep 1; lw=$((lw+1)); done
    kill $lp; sleep 5; kill -9 $lp
  ) </dev/null >/dev/null 2>&1 8>&- 9>&- &
  lw=$!
  wait $lp
  le=$?
  kill $lw 2>/dev/null
  wait $lw 2>/dev/null
  return $le
}
l_piped() {
  case $lI$l1 in
    11) printf '%s' "$l2" | (exec "$@") ;;
    10) if l_external "$1"; then "$@" </dev/null; else (exec "$@") </dev/null; fi ;;
    01) printf '%s' "$l2" | "$@" ;;
    *) "$@" </dev/null ;;
  esac
}
l_run() {
  lm=$1 lz=$2 l3=$3 l4=$4 l1=$5 l2=$6 lw=$7
  shift 7
  if [ "$lw" -gt 0 ]; then
    lr=
    while [ "$lw" -gt 0 ]; do l_each 'lr=1' "$1"; shift; lw=$((lw-1)); done
    if [ -z "$lr" ]; then ly=0 l2=; return; fi
  fi
  lw=$1; shift
  lg= lX=
  while [ "$lw" -gt 0 ]; do
    case $1 in @*) l_each 'lX=$lX$lL$lf' "$1" ;; *) lg="$lg $1" ;; esac
    shift; lw=$((lw-1))
  done
  lw=$1; shift
  while [ "$lw" -gt 0 ]; do
    { l_each 'l_content "$lf" && lX=$lX$lL$lo' "$1"; } 2>/dev/null
    shift; lw=$((lw-1))
  done
  lw=$1; shift
  if [ "$lw" -gt 0 ]; then
    lr=
    while [ "$lw" -gt 0 ]; do [ -n "$lr" ] || l_each '[ -n "$lr" ] || lr=$lf' "$1"; shift; lw=$((lw-1)); done
    if [ -z "$lr" ]; then
      l2=
      [ "$lz" = any ] || lk=0
      return
    fi
    lr=${'${lr##*/}'} lw=$#
    while [ "$lw" -gt 0 ]; do
      case $1 in
        *'{}'*) set -- "$@" "${"${1%%'{}'*}"}$lr${"${1#*'{}'}"}" ;;
        *) set -- "$@" "$1" ;;
      esac
      shift; lw=$((lw-1))
    done
  fi
  if [ -n "$lX" ]; then
    IFS=$lL; set -f
    set -- "$@" $lX
    IFS=' 	'$lL; set +f
  fi
  eval "for lf in $lg; do if [ -e \"\$lf\" ] || [ -L \"\$lf\" ]; then set -- \"\$@\" \"\$lf\"; fi; done"
  lI=0
  if [ "$lm" = 0 ]; then
    l_unwatch
    ln=$((ln+1)) lI=1
  elif l_clip; [ -n "$lT" ] && l_bare "$1"; then
    ln=$((ln+1))
  else
    ln=$((ln+2))
    case $lT in
      k) set -- timeout -k 5 "$ls" "$@" ;;
      n) set -- timeout "$ls" "$@" ;;
      t) set -- timeout -t "$ls" "$@" ;;
      *) set -- l_dog "$@"; ln=$((ln+1)) ;;
    esac
  fi
  [ "$l1" = 0 ] || ln=$((ln+1))
  if [ "$l3" = 1 ]; then
    case $l1$1 in
      1* | 0l_dog) ln=$((ln+1)); lo=$(l_piped "$@") ;;
      *) lo=$(exec "$@" </dev/null) ;;
    esac
    le=$?
    printf '%s' "$lo"
    [ "$lo" = "$l4" ] || lk=0
    lo=
  else
    l_piped "$@"; le=$?
  fi
  l2=
  case $lz in
    any) ;;
    *) case " $lz " in *" $le "*) ;; *) lk=0 ;; esac ;;
  esac
  ly=$le
  case $lI$le in 0124 | 0137 | 0143)
    l_now
    if [ "$l0" = 0 ] || [ $((lt-l0)) -ge $((ls*100-5)) ]; then
      ly="$le t"
      [ "$lz" = any ] || lk=0
      [ -n "$lT" ] || ln=$((ln+ls))
    fi ;;
  esac
}
`;
