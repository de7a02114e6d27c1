#!/bin/bash
# tree.sh ROOTFS TREE GUEST PUBLIC-KEY: the plain Debian in ROOTFS -> TREE, the same in ostree's shape: kernel and
# initramfs in /usr/lib/modules, /etc in /usr/etc, state under /var, a package list that belongs to the deployment; with
# the lab's own files (GUEST/root) and what makes boots quick under emulation. Needs root, cpio, lz4. About 6 s.
set -euo pipefail
rootfs=$1 tree=$2 guest=$3 key=$4
rm -rf --one-file-system "$tree"
cp -al "$rootfs" "$tree" # hard links: below nothing is edited in place, files are replaced
cd "$tree"
version=$(ls usr/lib/modules)
modules=usr/lib/modules/$version
replace() { # file: its new text comes on stdin
  mkdir -p "$(dirname "$1")"
  cat >"$1.new"
  mv "$1.new" "$1"
}

# --- kernel: unpacked modules load faster under emulation
rm -f vmlinuz* initrd.img*
cp "boot/vmlinuz-$version" "$modules/vmlinuz"
rm -rf boot
mkdir boot
find "$modules" -name '*.ko.xz' -print0 | xargs -0 -n 200 -P 2 unxz -f
chroot . depmod "$version"

# --- initramfs: static busybox, the disk driver, the real ostree-prepare-root with its libraries
init=$(mktemp -d)
trap 'rm -rf "$init"' EXIT
mkdir -p "$init"/{bin,dev,proc,sys,run,sysroot,modules,lib64,usr/lib/ostree,usr/lib/x86_64-linux-gnu}
ln -s usr/lib "$init/lib"
cp usr/bin/busybox "$init/bin/busybox"
install -m755 "$guest/initramfs-init" "$init/init"
cp usr/lib/ostree/ostree-prepare-root "$init/usr/lib/ostree/"
cp -L lib64/ld-linux-x86-64.so.2 "$init/lib64/"
chroot . ldd /usr/lib/ostree/ostree-prepare-root | awk '/=> \//{print $3}' |
  while read -r library; do cp -L ".$library" "$init/usr/lib/x86_64-linux-gnu/"; done
chroot . modprobe -S "$version" --show-depends virtio_blk | awk '/^insmod/{print $2}' |
  while read -r module; do
    cp ".$module" "$init/modules/"
    basename "$module" >>"$init/modules/order"
  done
(cd "$init" && find . | LC_ALL=C sort | cpio -o -H newc --quiet | lz4 -l -6 -q) >"$modules/initramfs.img"

# --- users: root and admin by key, ops with a password for ssh and sudo
chroot . useradd -m -s /bin/bash -G sudo admin
chroot . useradd -m -s /bin/bash ops
echo 'ops:fleet admiral' | chroot . chpasswd
for home in root home/admin home/ops; do
  install -d -m700 "$home/.ssh"
  install -m600 "$key" "$home/.ssh/authorized_keys"
done
chroot . chown -R admin:admin /home/admin
chroot . chown -R ops:ops /home/ops

# --- the lab's own files
(cd "$guest/root" && find . -type f -print) | while read -r file; do
  rm -f "$file"
  install -D -m "$(stat -c %a "$guest/root/$file")" "$guest/root/$file" "$file"
done
chmod 440 etc/sudoers.d/lab
: | replace etc/machine-id
rm -f etc/ssh/ssh_host_* # each machine makes its own
sed 's/^session.*pam_systemd.so.*/session [success=1 default=ignore] pam_succeed_if.so quiet uid = 0\nsession optional pam_systemd.so/' \
  etc/pam.d/common-session | replace etc/pam.d/common-session # no user manager for root: it costs four seconds
sed '/pam_motd\|pam_mail\|pam_selinux/d' etc/pam.d/sshd | replace etc/pam.d/sshd
for file in home.conf provision.conf; do : | replace "etc/tmpfiles.d/$file"; done # they would make /home and /root, which are links here

# --- quick boots: every unit, generator and udev event costs 50 to 500 ms under emulation
mkdir -p etc/systemd/system-generators
for generator in ssh gpt-auto cryptsetup veritysetup integritysetup bless-boot hibernate-resume tpm2; do
  ln -sf /dev/null "etc/systemd/system-generators/systemd-$generator-generator"
done
chroot . systemctl -q enable systemd-networkd ssh lvm2-monitor ostree-remount rpm-ostreed.socket
chroot . systemctl -q mask getty@tty1.service dev-hugepages.mount dev-mqueue.mount sys-kernel-{config,debug,tracing}.mount \
  sys-fs-fuse-connections.mount proc-sys-fs-binfmt_misc.automount modprobe@{drm,efi_pstore,configfs,fuse}.service \
  systemd-{binfmt,pstore,firstboot,hwdb-update,journal-catalog-update,network-generator,networkd-persistent-storage}.service \
  systemd-{random-seed,sysusers,udev-load-credentials,update-done}.service ldconfig.service blk-availability.service \
  e2scrub_reap.service e2scrub_all.timer fstrim.timer dpkg-db-backup.timer netavark-dhcp-proxy.service
# ostree sets every time in /usr to 0: compiled Python must not be compared with times
find usr/lib/python3* -name '*.pyc' -delete
chroot . python3 -m compileall -q -j 2 --invalidation-mode unchecked-hash /usr/lib/python3 /usr/lib/python3.13 /usr/lib/copse-lab >/dev/null 2>&1 || :

# --- the package list: Debian's own, and the one that the rpm-ostree stand-in reads, made from it
rm -rf usr/lib/dpkg-db
cp -al var/lib/dpkg usr/lib/dpkg-db
rm -rf usr/lib/dpkg-db/*-old
chroot . dpkg-query -W -f '${Package} ${Version} ${Architecture}\n' | chroot . python3 /usr/lib/copse-lab/base_packages.py |
  replace usr/share/rpm/packages.json
chroot . python3 /usr/lib/copse-lab/base_packages.py --files | replace usr/share/rpm/files.json

# --- ostree's shape
rm -rf var/lib/dpkg var/cache/apt var/lib/apt var/cache/debconf var/log/*
ln -s ../../usr/lib/dpkg-db var/lib/dpkg
mkdir -p var/{log/journal,home,roothome,opt,srv,mnt,usrlocal/bin,tmp} sysroot
chmod 1777 var/tmp
cp -a root/. var/roothome/
chmod 700 var/roothome
cp -a home/. var/home/
rm -rf root home opt srv mnt media tmp usr/local dev proc sys run
mkdir dev proc sys run tmp
chmod 1777 tmp
ln -s var/roothome root
for folder in home opt srv mnt; do ln -s "var/$folder" "$folder"; done
ln -s run/media media
ln -s ../var/usrlocal usr/local
ln -s sysroot/ostree ostree
mv etc usr/etc
