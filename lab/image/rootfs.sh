#!/bin/bash
# rootfs.sh DIR DEBS: Debian packages -> DIR, a plain root file system; the downloaded packages are kept in DEBS.
# MIRROR and SECURITY (may be empty) name the mirrors. Needs root and mmdebstrap. About 40 s with a network, 25 CPU s.
set -euo pipefail
dir=$1 debs=$2
suite=trixie
keyring=/usr/share/keyrings/debian-archive-keyring.gpg
[ -f "$keyring" ] || keyring=/usr/share/keyrings/debian-archive-keyring.pgp

packages=(
  systemd systemd-sysv dbus udev kmod libpam-systemd
  # tiny-initramfs only satisfies the kernel's wish for an initramfs maker; tree.sh packs the real one
  linux-image-cloud-amd64 tiny-initramfs-core tiny-initramfs busybox-static
  ostree ostree-boot
  login passwd openssh-server sudo iproute2 iputils-ping netbase ca-certificates curl procps python3
  lvm2 dmeventd thin-provisioning-tools e2fsprogs xfsprogs btrfs-progs dosfstools fdisk
  podman crun netavark aardvark-dns conmon nftables uidmap passt dbus-user-session
  gpg gpg-agent tar gzip bzip2 xz-utils zstd unzip
  cloud-init
)
sources=("deb [signed-by=$keyring] $MIRROR $suite main" "deb [signed-by=$keyring] $MIRROR $suite-updates main")
[ -z "${SECURITY:-}" ] || sources+=("deb [signed-by=$keyring] $SECURITY $suite-security main")

export DEBS=$debs
mkdir -p "$debs"
# shellcheck disable=SC2016
keep='cp -un "$1"/var/cache/apt/archives/*.deb "$DEBS"/ 2>/dev/null || :'
mmdebstrap --mode=root --variant=essential --format=directory \
  --include="$(IFS=,; echo "${packages[*]}")" \
  --aptopt='APT::Install-Recommends "false"' --aptopt='Acquire::Languages "none"' \
  --dpkgopt=force-unsafe-io \
  --dpkgopt='path-exclude=/usr/share/doc/*' --dpkgopt='path-exclude=/usr/share/man/*' \
  --dpkgopt='path-exclude=/usr/share/info/*' --dpkgopt='path-exclude=/usr/share/locale/*' \
  --dpkgopt='path-exclude=/usr/share/lintian/*' --dpkgopt='path-exclude=/usr/share/bash-completion/*' \
  --skip=download/empty \
  --setup-hook='mkdir -p "$1/var/cache/apt/archives"; cp -n "$DEBS"/*.deb "$1/var/cache/apt/archives/" 2>/dev/null || :' \
  --essential-hook="$keep" --customize-hook="$keep" \
  "$suite" "$dir" "${sources[@]}"
