/** Part of the lane library: `wait`: looks at once, then after growing pauses. */
export const LIBRARY_WAITS: string = String.raw`l_content() {
  lo= lr=
  [ -f "$1" ] || return 1
  {
    lr=1
    while IFS= read -r lv; do lo=$lo$lv$lL; done
    lo=$lo$lv
  } <"$1"
  [ -n "$lr" ] || return 1
  while :; do case $lo in *"$lL") lo=${'${lo%?}'} ;; *) break ;; esac; done
}
l_blind() {
  lg=$1
  while :; do
    lx=${'${lg##*/}'} lg=${'${lg%/*}'}
    [ -n "$lg" ] || return 0
    l_each 'if [ -d "$lf" ]; then if [ ! -x "$lf" ]; then l_hit a "$lf"; else case $lx in *[*?[]*) [ -r "$lf" ] || l_hit a "$lf" ;; esac; fi; fi' "$lg"
  done
}
l_atleast() {
  case $1 in '' | *[!0-9]*) return 1 ;; esac
  [ ${'${#1}'} -eq ${'${#2}'} ] || { [ ${'${#1}'} -gt ${'${#2}'} ]; return; }
  [ ${'${#1}'} -gt 9 ] || { [ "$1" -ge "$2" ]; return; }
  lr=${'${1%?????????}'} lw=${'${2%?????????}'}
  [ "$lr" -eq "$lw" ] || { [ "$lr" -gt "$lw" ]; return; }
  [ "1${'${1#"$lr"}'}" -ge "1${'${2#"$lw"}'}" ]
}
l_hit() { lw=1; l_path "$1" "$2"; }
l_look() {
  la= lY=1
  lg=$1; shift
  while [ "$lg" -gt 0 ]; do
    lw=0
    l_each 'l_hit m "$lf"' "$1"
    [ $lw = 1 ] || lY=0
    shift; lg=$((lg-1))
  done
  lj=$1; shift
  while [ "$lj" -gt 0 ]; do
    lw=0
    l_each 'l_hit a "$lf"' "$1"
    [ $lw = 1 ] || l_blind "$1"
    [ $lw = 0 ] || lY=0
    shift; lj=$((lj-1))
  done
  lj=$1; shift
  while [ "$lj" -gt 0 ]; do
    lw=0
    l_content "$1" || lr=
    lg=$2; shift 2
    while [ "$lg" -gt 0 ]; do
      [ -n "$lr" ] && [ "$lo" = "$1" ] && lw=1
      shift; lg=$((lg-1))
    done
    [ $lw = 1 ] || lY=0
    lj=$((lj-1))
  done
  lj=$1; shift
  while [ "$lj" -gt 0 ]; do
    l_content "$1" || lo=
    l_atleast "$lo" "$2" || lY=0
    shift 2; lj=$((lj-1))
  done
  [ "$lY" = 1 ] || return 0
  lj=$1; shift
  [ "$lj" -ge 0 ] || return 0
  lg=
  while [ "$lj" -gt 0 ]; do
    case $1 in *[\ \	$lL]* | '') ;; *) lg="$lg$lL$1" ;; esac
    shift; lj=$((lj-1))
  done
  ln=$((ln+1))
  lo=$("$@" </dev/null 2>/dev/null) || lY=0
  set -f
  for lf in $lo; do case $lg$lL in *"$lL$lf$lL"*) lY=0 ;; esac; done
  set +f
  lo=
}
l_pause() {
  ln=$((ln+1))
  if [ $lS = 1 ]; then
    case $lu in 0) lw=2 ;; 2) lw=4 ;; 6) lw=8 ;; 14) lw=16 ;; 30) lw=32 ;; *) lw=50 ;; esac
    lr=$((lm/10+1-lt))
    [ $lr -ge $lw ] || lw=$lr
    [ $lw -ge 1 ] || lw=1
    case $lw in ?) lr=0.0$lw ;; *) lr=0.$lw ;; esac
    if sleep $lr </dev/null 2>/dev/null; then lu=$((lu+lw)); return; fi
    lS=0 ln=$((ln+1))
  fi
  sleep 1 </dev/null
  lu=$((lu+100))
}
l_late() { l_now; if [ "$l0" = 0 ]; then lt=$lu; else lt=$((lt-l0)); fi; [ $((lt*10)) -ge $lm ]; }
l_wait() {
  lm=$1; shift
  l_clip
  lu=0
  while :; do
    { l_look "$@"; } 2>/dev/null
    [ $lY = 0 ] || break
    l_late && break
    l_pause
  done
  lk=$lY
  l_flush
}
`;
