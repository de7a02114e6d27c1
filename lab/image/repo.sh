#!/bin/bash
# repo.sh ROOTFS TREE OUT: what machines upgrade from, to be served over HTTP: OUT/repo, an archive repository with
#   lab/stable/x86_64   13.1 (what is booted) and 13.2
#   lab/next/x86_64     14.0, to rebase to
# Needs root and a mount namespace of its own (it leaves its mounts behind). About 8 s.
set -euo pipefail
rootfs=$1 tree=$2 out=$3
rm -rf --one-file-system "$out/repo"
mkdir -p "$out/repo"
mount --bind "$out/repo" "$rootfs/mnt"
mount --bind "$tree" "$rootfs/srv"
mount -t proc proc "$rootfs/proc"
mount -t tmpfs tmpfs "$rootfs/tmp"
guest() { chroot "$rootfs" "$@"; }

# version branch date [more ostree options]
commit() {
  guest ostree commit --repo=/mnt --branch="$2" --bootable --disable-fsync --timestamp="$3 00:00:00 +0000" \
    --subject="lab $1" --add-metadata-string=version="$1" "${@:4}"
}
# version: the files that differ from 13.1, and a newer curl in the package list
newer() {
  rm -rf "$rootfs/tmp/over"
  mkdir -p "$rootfs/tmp/over/usr/share/rpm"
  echo "$1" >"$rootfs/tmp/over/usr/share/lab-version"
  guest python3 /srv/usr/lib/copse-lab/base_packages.py --newer "$1" <"$tree/usr/share/rpm/packages.json" \
    >"$rootfs/tmp/over/usr/share/rpm/packages.json"
}
guest ostree init --repo=/mnt --mode=archive
guest ostree config --repo=/mnt set archive.zlib-level 1
commit 13.1 lab/stable/x86_64 2026-01-01 --tree=dir=/srv
newer 13.2
commit 13.2 lab/stable/x86_64 2026-02-01 --tree=ref=lab/stable/x86_64 --tree=dir=/tmp/over
newer 14.0
commit 14.0 lab/next/x86_64 2026-03-01 --tree=ref=lab/stable/x86_64 --tree=dir=/tmp/over
guest ostree summary --repo=/mnt -u
