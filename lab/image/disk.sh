#!/bin/bash
# disk.sh ROOTFS TREE IMAGE: TREE -> IMAGE (qcow2), a disk that boots it: partition 1 is /boot with extlinux, partition 2
# the root with an ostree sysroot, 1 GiB behind it is free to grow into. The ostree that does it is the guest's own, in a
# chroot of ROOTFS. Needs root, loop devices, and a mount namespace of its own (it leaves its mounts behind). About 6 s.
set -euo pipefail
rootfs=$1 tree=$2 image=$3
raw=$image.raw
boot_mib=160 root_mib=7000 disk_mib=8192
kargs="root=LABEL=root rw console=ttyS0 net.ifnames=0 quiet mitigations=off audit=0 nowatchdog no_timer_check random.trust_cpu=1
  lsm=yama 8250.nr_uarts=1 systemd.tty.term.console=dumb systemd.tty.term.ttyS0=dumb"

rm -f "$raw"
truncate -s "${disk_mib}M" "$raw"
sfdisk -q "$raw" <<T
label: dos
start=1MiB, size=${boot_mib}MiB, type=83, bootable
size=${root_mib}MiB, type=83
T
dd if=/usr/lib/EXTLINUX/mbr.bin of="$raw" conv=notrunc bs=440 count=1 status=none
boot_at=$((1 << 20)) root_at=$(((boot_mib + 1) << 20))
# extlinux reads ext4, but not with these two features
mkfs.ext4 -q -F -L boot -O ^64bit,^metadata_csum -E offset=$boot_at "$raw" "${boot_mib}M"
mkfs.ext4 -q -F -L root -m 0 -E offset=$root_at,lazy_itable_init=1,lazy_journal_init=1 "$raw" "${root_mib}M"

sysroot=$rootfs/mnt
mount -o loop,offset=$root_at,sizelimit=$((root_mib << 20)) "$raw" "$sysroot"
mkdir "$sysroot/boot"
mount -o loop,offset=$boot_at,sizelimit=$((boot_mib << 20)) "$raw" "$sysroot/boot"
mount -t proc proc "$rootfs/proc"
mount --bind /dev "$rootfs/dev"
mount --bind "$tree" "$rootfs/srv"
guest() { chroot "$rootfs" "$@"; }

# what ostree's syslinux support looks for
mkdir -p "$sysroot/boot/loader.0" "$sysroot/boot/syslinux"
ln -s loader.0 "$sysroot/boot/loader"
printf 'TIMEOUT 1\nPROMPT 0\n' >"$sysroot/boot/loader/syslinux.cfg"
ln -s ../loader/syslinux.cfg "$sysroot/boot/syslinux/syslinux.cfg"
extlinux --install "$sysroot/boot/syslinux" >/dev/null 2>&1

repo=/mnt/ostree/repo ref=lab/stable/x86_64
guest ostree admin init-fs --modern /mnt
guest ostree config --repo=$repo set sysroot.bootloader auto
guest ostree config --repo=$repo set sysroot.bootprefix false # /boot is a partition of its own
guest ostree config --repo=$repo set core.fsync false
guest ostree admin stateroot-init --sysroot=/mnt debian
guest ostree commit --repo=$repo --branch=$ref --tree=dir=/srv --bootable --disable-fsync --timestamp='2026-01-01 00:00:00 +0000' \
  --subject='lab 13.1' --add-metadata-string=version=13.1
guest ostree refs --repo=$repo --create=lab:$ref $ref # as if it had been pulled from the lab's server
guest ostree refs --repo=$repo --delete $ref
# shellcheck disable=SC2046
guest ostree admin deploy --sysroot=/mnt --os=debian --no-merge $(printf -- '--karg-append=%s ' $kargs) lab:$ref
guest ostree config --repo=$repo set core.fsync true
umount -R "$sysroot"
qemu-img convert -O qcow2 "$raw" "$image"
rm -f "$raw"
