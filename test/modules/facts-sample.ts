import type { DeploymentFact, Facts } from '../../src/core/facts.ts';

/** A deployment to start from. */
export function deployment(over: Partial<DeploymentFact> = {}): DeploymentFact {
  const checksum = over.checksum ?? 'a'.repeat(64);
  return {
    id: `fedora-coreos-${checksum}.0`,
    checksum,
    base_checksum: checksum,
    version: '41.20241109.3.0',
    origin: 'fedora:fedora/x86_64/coreos/stable',
    booted: true,
    staged: false,
    pinned: false,
    locked: false,
    stateroot: 'fedora-coreos',
    requested_packages: [],
    packages: [],
    local_packages: [],
    live: '',
    ...over,
  };
}

/** Facts of an ordinary image-based host; synthetic. */
export function sampleFacts(over: Partial<Facts> = {}): Facts {
  return {
    os: {
      id: 'fedora',
      version: '41',
      variant: 'coreos',
      name: 'Fedora CoreOS 41.20241109.3.0',
      image_based: true,
    },
    hostname: 'edge01',
    machine_id: '0123456789abcdef0123456789abcdef',
    kernel: '6.11.6-300.fc41.x86_64',
    arch: 'x86_64',
    boot_id: '11111111-2222-3333-4444-555555555555',
    uptime_s: 1000,
    clock_s: 1_760_000_000,
    cpus: 2,
    memory: { total: 4_000_000_000, available: 3_000_000_000 },
    devices: [],
    mounts: [],
    ostree: {
      tool: 'rpm-ostree',
      deployments: [deployment()],
      booted: deployment(),
      pending: false,
      busy: false,
      driver: '',
    },
    tools: { 'rpm-ostree': '2024.8' },
    systemd: { version: 256, state: 'running', failed_units: [] },
    user: { name: 'core', uid: 1000, home: '/var/home/core' },
    ...over,
  };
}
