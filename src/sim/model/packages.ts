/** A package of the image or of a repository. */
export interface Package {
  readonly name: string;
  readonly version: string;
  readonly release: string;
  readonly arch: string;
  readonly summary: string;
  /** Capabilities beside its own name. */
  readonly provides?: readonly string[];
  /** Names of packages that come with it. */
  readonly requires?: readonly string[];
  /** Programs it puts into /usr/bin. */
  readonly programs?: readonly string[];
  /** Units it brings. */
  readonly units?: readonly string[];
}

/** One build of the base image, as its maker publishes it. */
export interface Build {
  readonly version: string;
  /** Seconds since 1970. */
  readonly timestamp: number;
  readonly kernel: string;
  readonly packages: readonly Package[];
}

/** `version-release`. */
export function evr(pkg: Package): string {
  return `${pkg.version}-${pkg.release}`;
}

/** `name-version-release.arch`. */
export function nevra(pkg: Package): string {
  return `${pkg.name}-${evr(pkg)}.${pkg.arch}`;
}

/** A package that is known by its `name-version-release.arch` alone: one from an RPM file. */
export function packageOf(text: string): Package {
  const [, name = text, version = '0', release = '0', arch = 'noarch'] =
    /^(.+)-([^-]+)-([^-]+)\.([^.]+)$/.exec(text) ?? [];
  return { name, version, release, arch, summary: 'A package from a file' };
}

/** What a path or URL of an RPM file says is in it; undefined for a word that is none. */
export function rpmNamed(source: string): string | undefined {
  return /(?:^|\/)([^/]+-[^-/]+-[^-/]+\.[^./]+)\.rpm$/.exec(source)?.[1];
}

/** Whether a request (a name, a name with version, a capability or a program's path) means this package. */
export function satisfies(pkg: Package, request: string): boolean {
  return (
    [pkg.name, `${pkg.name}-${pkg.version}`, `${pkg.name}-${evr(pkg)}`, nevra(pkg)].includes(request) ||
    (pkg.provides ?? []).includes(request) ||
    (pkg.programs ?? []).some((program) => request === `/usr/bin/${program}`)
  );
}

const DIST = 'fc42';

type Row = readonly [name: string, version: string, summary: string, more?: Partial<Package>];

function rows(list: readonly Row[]): readonly Package[] {
  return list.map(([name, version, summary, more]) => ({
    name,
    version,
    release: `1.${DIST}`,
    arch: 'x86_64',
    summary,
    ...more,
  }));
}

const BASE = rows([
  ['bash', '5.2.37', 'The GNU Bourne Again shell', { programs: ['bash'], provides: ['/bin/sh'] }],
  ['bootc', '1.12.1', 'Bootable container system', { programs: ['bootc'] }],
  ['chrony', '4.6.1', 'An NTP client/server', { units: ['chronyd.service'] }],
  ['coreutils', '9.6', 'A set of basic GNU tools'],
  ['dbus-broker', '36', 'Linux D-Bus Message Broker', { units: ['dbus-broker.service'] }],
  ['firewalld', '2.3.0', 'A firewall daemon', { units: ['firewalld.service'] }],
  ['glibc', '2.41', 'The GNU libc libraries'],
  ['greenboot', '0.15.8', 'Generic health checks on systemd', { units: ['greenboot-healthcheck.service'] }],
  ['NetworkManager', '1.52.0', 'Network connection manager', { units: ['NetworkManager.service'] }],
  ['openssh-server', '9.9p1', 'An open source SSH server daemon', { units: ['sshd.service'] }],
  ['openssl', '3.2.4', 'Utilities from the general purpose cryptography library', { programs: ['openssl'] }],
  ['ostree', '2025.3', 'Tool for managing bootable filesystem trees', { programs: ['ostree'] }],
  [
    'podman',
    '5.4.2',
    'Manage pods, containers and container images',
    { programs: ['podman'], units: ['podman.socket'] },
  ],
  ['rpm', '4.20.1', 'The RPM package management system', { programs: ['rpm'] }],
  ['rpm-ostree', '2025.8', 'Hybrid image/package system', { programs: ['rpm-ostree'] }],
  ['sudo', '1.9.15', 'Allows restricted root access for specified users', { programs: ['sudo'] }],
  ['systemd', '257.5', 'System and Service Manager', { programs: ['systemctl', 'journalctl'] }],
  ['vim-minimal', '9.1.1275', 'A minimal version of the VIM editor', { programs: ['vi'], provides: ['vi'] }],
  ['zstd', '1.5.7', 'Zstd compression library'],
]);

/** What the repositories offer. */
export const CATALOGUE: readonly Package[] = rows([
  ['bat', '0.25.0', 'Cat clone with wings', { programs: ['bat'] }],
  ['btop', '1.4.0', 'Modern and colorful command line resource monitor', { programs: ['btop'] }],
  ['cockpit-system', '336', 'Admin interface package', { requires: ['cockpit-bridge'] }],
  ['cockpit-bridge', '336', 'Cockpit bridge server-side component'],
  ['cockpit-ws', '336', 'Cockpit Web Service', { units: ['cockpit.socket'] }],
  ['fish', '4.0.2', 'Friendly interactive shell', { programs: ['fish'] }],
  ['git-core', '2.49.0', 'Core package of git', { programs: ['git'], provides: ['git'] }],
  ['htop', '3.4.1', 'Interactive process viewer', { programs: ['htop'] }],
  ['iotop-c', '1.27', 'Simple top-like I/O monitor', { programs: ['iotop'], provides: ['iotop'] }],
  ['jq', '1.7.1', 'Command-line JSON processor', { programs: ['jq'] }],
  ['lsof', '4.98.0', 'A utility which lists open files', { programs: ['lsof'] }],
  ['mtr', '0.95', 'Network diagnostic tool', { programs: ['mtr'] }],
  ['ncurses-term', '6.5', 'Terminal descriptions'],
  [
    'node-exporter',
    '1.9.0',
    'Exporter of machine metrics',
    { programs: ['node_exporter'], units: ['node-exporter.service'] },
  ],
  ['policycoreutils-python-utils', '3.8', 'SELinux policy core python utilities', { programs: ['semanage'] }],
  ['nmap', '7.95', 'Network exploration tool', { programs: ['nmap'] }],
  ['qemu-guest-agent', '9.2.3', 'QEMU guest agent', { units: ['qemu-guest-agent.service'] }],
  ['rsync', '3.4.1', 'A program for synchronizing files over a network', { programs: ['rsync'] }],
  ['strace', '6.14', 'Tracks and displays system calls', { programs: ['strace'] }],
  ['tcpdump', '4.99.5', 'A network traffic monitoring tool', { programs: ['tcpdump'] }],
  ['tmux', '3.5a', 'A terminal multiplexer', { programs: ['tmux'] }],
  ['vim-common', '9.1.1275', 'The common files needed by any version of the VIM editor'],
  [
    'vim-enhanced',
    '9.1.1275',
    'A version of the VIM editor which includes recent enhancements',
    { programs: ['vim'], provides: ['vim'], requires: ['vim-common'] },
  ],
  ['wireguard-tools', '1.0.20210914', 'Fast, modern, secure VPN tunnel', { programs: ['wg'] }],
  ['zsh', '5.9', 'Powerful interactive shell', { programs: ['zsh'] }],
]);

function build(version: string, day: string, kernel: string, changed: Readonly<Record<string, string>>): Build {
  return {
    version,
    timestamp: Date.parse(`${day}T06:12:00Z`) / 1000,
    kernel: `${kernel}.${DIST}.x86_64`,
    packages: BASE.map((pkg) => ({ ...pkg, version: changed[pkg.name] ?? pkg.version })),
  };
}

/** The base image's builds, oldest first; a host starts on the middle one. */
export const BUILDS: readonly Build[] = [
  build('42.20260803.0', '2026-08-03', '6.15.4-200', { chrony: '4.6', podman: '5.4.1' }),
  build('42.20260907.0', '2026-09-07', '6.15.9-201', {}),
  build('42.20261012.0', '2026-10-12', '6.16.3-200', { podman: '5.5.0', openssl: '3.2.6' }),
];
