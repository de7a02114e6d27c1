#!/bin/sh
# rpm-ostree: a stand-in for "rpm-ostree compose tree" where there is no rpm-ostree, as on Debian.
#
# Faithful: the words it takes (--repo, --cachedir, --unified-core, --add-metadata-string; treefile last), the ref of the treefile, a
#   real commit by libostree with its parent, "No apparent changes since previous commit." with status 0 when the tree is the same,
#   errors as "error: ..." on stderr with status 1, an unknown option, "--version".
# Not faithful: the treefile is JSON with one key a line; "packages" are not installed from repositories: the tree is the folder
#   "tree" beside the treefile and a file that lists the packages. A package called "missing" is found nowhere. Anything but compose
#   goes to the next rpm-ostree in /usr/bin.
if [ "$1" = --version ]; then printf "rpm-ostree:\n Version: '2025.5'\n"; exit 0; fi
if [ "$1" != compose ]; then exec /usr/bin/rpm-ostree "$@"; fi
shift 2
repo='' metadata='' cache=''
while [ $# -gt 1 ]; do
  case $1 in
    --repo=*) repo=${1#*=} ;;
    --cachedir=*) cache=${1#*=} ;;
    --add-metadata-string=*) metadata=$1 ;;
    --unified-core) ;;
    *) echo "error: Unknown option $1" >&2; exit 1 ;;
  esac
  shift
done
[ -d "$cache" ] || { echo 'error: no --cachedir' >&2; exit 1; }
ref=$(sed -n 's/^ *"ref": *"\([^"]*\)".*/\1/p' "$1") packages=$(sed -n 's/^ *"packages": *\(.*[^,]\),*$/\1/p' "$1")
case $packages in *missing*) echo 'error: Packages not found: missing' >&2; exit 1 ;; esac
work=$(mktemp -d) || exit 1
trap 'rm -rf -- "$work"' EXIT
mkdir -p "$work/usr/share"
[ ! -d "${1%/*}/tree" ] || cp -R -- "${1%/*}/tree/." "$work/"
printf '%s\n' "$packages" >"$work/usr/share/packages"
was=$(ostree rev-parse --repo="$repo" "$ref" 2>/dev/null)
# shellcheck disable=SC2086
now=$(ostree commit --repo="$repo" --branch="$ref" --tree=dir="$work" --owner-uid=0 --owner-gid=0 --no-xattrs \
  --skip-if-unchanged --subject= ${metadata:+"$metadata"}) || exit 1
if [ "$now" = "$was" ]; then echo 'No apparent changes since previous commit.'; else echo "$ref => $now"; fi
