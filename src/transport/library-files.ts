/**
 * Part of the lane library: patterns, `read`, `list`, `write`: builtins only, but for one `readlink` when links are to be resolved. `l_each CODE PATTERN...` runs
 * CODE for each path `$lf`; a pattern `@NAME TEXT` is expanded for each path that the find of that name has left in `lF_NAME`.
 */
export const LIBRARY_FILES: string = String.raw`l_add() { la=$la$1; [ ${'${#la}'} -lt 4000 ] || l_flush; }
l_flush() { printf '%s' "$la" || exit 1; la=; }
l_path() {
  lp=$2 lx=$1
  case $lp in *"$lL"*)
    while :; do
      case $lp in *"$lL"*) lx=$lx${'${lp%%"$lL"*}'}$lL+ lp=${'${lp#*"$lL"}'} ;; *) break ;; esac
    done ;;
  esac
  l_add "$lx$lp$lL"
}
l_each() {
  lE=$1; shift
  for lQ in "$@"; do
    lC=0
    case $lQ in
      @*) l_below ;;
      *) l_expand "$lQ" ;;
    esac
  done
}
l_expand() { eval "for lf in $1; do if [ -e \"\$lf\" ] || [ -L \"\$lf\" ]; then $lE; fi; done"; }
l_below() {
  lR=${'${lQ#* }'} lD=${'${lQ%% *}'}
  eval "lG=\$lF_${'${lD#@}'}"
  IFS=$lL; set -f
  for lD in $lG; do
    IFS=' 	'$lL; set +f
    lN=${'${lD##*/}'} lC=0
    l_expand "$lR"
  done
  IFS=' 	'$lL; set +f
}
l_file() {
  if [ ! -f "$1" ]; then l_path u "$1"; return; fi
  lr=
  {
    lr=1
    l_path f "$1"
    while IFS= read -r lv; do l_add "=$lv$lL"; done
    [ -z "$lv" ] || l_add "=$lv$lL"
  } <"$1"
  [ -n "$lr" ] || l_path u "$1"
}
l_read() {
  la=
  { l_each 'l_file "$lf"' "$@"; } 2>/dev/null
  l_flush
}
l_list() {
  lr=$1 l1=$2; shift 2
  la=
  if [ "$l1" -gt 0 ]; then l_each 'lC=$((lC+1)); [ $lC -gt $l1 ] && break; l_path p "$lf"' "$@"; l_flush; return; fi
  if [ "$lr" = 0 ]; then l_each 'l_path p "$lf"' "$@"; l_flush; return; fi
  lg="$*"
  set --
  eval "for lf in $lg; do if [ -e \"\$lf\" ] || [ -L \"\$lf\" ]; then set -- \"\$@\" \"\$lf\"; fi; done"
  [ $# -gt 0 ] || return
  ln=1
  if lo=$(readlink -f -- "$@" </dev/null 2>/dev/null); then
    IFS=$lL; set -f
    l_count $lo
    IFS=' 	'$lL; set +f
    if [ "$lw" = $# ]; then
      for lf in "$@"; do l_path p "$lf"; done
      l_flush
      IFS=$lL; set -f
      for lf in $lo; do l_add "r$lf$lL"; done
      IFS=' 	'$lL; set +f
      l_flush
      return
    fi
  fi
  for lf in "$@"; do
    ln=$((ln+1))
    l_path p "$lf"
    lo=$(readlink -f -- "$lf" </dev/null 2>/dev/null) && l_path r "$lo" || l_add "-$lL"
  done
  l_flush
}
l_count() { lw=$#; }
l_write() {
  l1=$1 l2=$2; shift 2
  lw=0 lg=
  l_each 'if [ "$lf" != "$lg" ]; then lw=$((lw+1)) lg=$lf; fi' "$@"
  lk=0
  if [ $lw = 0 ]; then echo 'no such file' >&2; return; fi
  if [ $lw != 1 ]; then echo "matches $lw files" >&2; return; fi
  if [ "$l1" = 1 ]; then printf '%s' "$l2" >>"$lg"; else printf '%s' "$l2" >"$lg"; fi && lk=1
  l2=
}
`;
