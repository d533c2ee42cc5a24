/**
 * Part of the lane library: `find`. Up to 16 places are looked into by builtins. Where there are more, one grep reads all their files; it has to
 * find a line of a file that every Linux has as well, so that a grep which cannot do this is noticed, and is done without.
 */
export const LIBRARY_FINDS: string = String.raw`l_find() {
  l1=$1 l2=$2 l3=$3 lw=$4; shift 4
  lV= la= lA= lU=' '
  while [ "$lw" -gt 0 ]; do lV=$lV$lL$1; shift; lw=$((lw-1)); done
  lw=$1; shift
  while [ "$lw" -gt 0 ]; do
    l_each 'l_content "$lf" && [ -n "$lo" ] && lV=$lV$lL$lo' "$1"
    shift; lw=$((lw-1))
  done 2>/dev/null
  if [ -z "$l2" ]; then l_each 'l_found "$lf"' "$@"
  elif [ -n "$lV" ]; then l_holding "$@"
  fi 2>/dev/null
  eval "lF_$l1=\$lA"
  l_flush
}
l_found() {
  lx=${'${1##*/}'}
  case $1 in *"$lL"*) return ;; esac
  case $lU in *" $lx "*) return ;; esac
  lU="$lU$lx " lA=$lA$lL$1
  l_path p "$1"
}
l_holding() {
  lG=
  for lQ in "$@"; do lG="$lG $lQ/\"\$l2\""; done
  eval "set -- $*"
  if [ $# -gt 16 ]; then
    lw=$#
    l_grep "$lG" && return
  fi
  for lf in "$@"; do
    [ -e "$lf" ] || continue
    if l_content "$lf/$l2"; then
      case $lo in *[A-Z]*) ln=$((ln+3)); lo=$(printf '%s' "$lo" | tr A-Z a-z) ;; esac
      case $lV$lL in *"$lL$lo$lL"*) l_found "$lf" ;; esac
    elif [ "$l3" = 1 ]; then l_found "$lf"
    fi
  done
}
l_grep() {
  eval "set -- $1"
  [ "$l3" = 0 ] || [ $# = $lw ] || return 1
  ln=$((ln+1))
  lo=$(grep -lixsF -e "Linux$lV" -- /proc/sys/kernel/ostype "$@" </dev/null 2>/dev/null)
  case $?$l3 in 0? | 20) ;; *) return 1 ;; esac
  case $lo in /proc/sys/kernel/ostype*) ;; *) return 1 ;; esac
  IFS=$lL; set -f
  for lf in $lo; do
    case $lf in /proc/sys/kernel/ostype) ;; *) l_found "${'${lf%/"$l2"}'}" ;; esac
  done
  IFS=' 	'$lL; set +f
}
`;
