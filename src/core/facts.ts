import { z } from 'zod';

const text = z.string();
const count = z.number();

/** One ostree deployment, whichever tool described it. */
export const DeploymentFact = z.object({
  id: text.describe('unique on this host: stateroot-checksum.serial'),
  checksum: text,
  base_checksum: text.describe('commit of the base image; the checksum itself when nothing is layered'),
  version: text.describe('version of the image, empty when it has none'),
  origin: text.describe('ostree refspec or container image reference'),
  booted: z.boolean(),
  staged: z.boolean(),
  pinned: z.boolean(),
  locked: z.boolean().describe('finalization is locked: a plain reboot does not apply it'),
  stateroot: text,
  requested_packages: z.array(text),
  packages: z.array(text),
  local_packages: z.array(text),
  live: text.describe('commit that is applied live, empty when none'),
});
/** One ostree deployment. */
export type DeploymentFact = z.infer<typeof DeploymentFact>;

/** The deployments of an ostree-booted host. */
export const OstreeFacts = z.object({
  tool: z.enum(['rpm-ostree', 'bootc', 'ostree', 'none']).describe('which tool described the deployments'),
  deployments: z.array(DeploymentFact).describe('in boot order; the first one boots next'),
  booted: DeploymentFact.describe('the running deployment; empty texts on a host that is not booted by ostree'),
  pending: z.boolean().describe('another deployment than the booted one boots next'),
  busy: z.boolean().describe('a transaction is running'),
  driver: text.describe('unit of a registered update driver such as zincati.service, empty when none'),
});
/** The deployments of an ostree-booted host. */
export type OstreeFacts = z.infer<typeof OstreeFacts>;

/** What copse knows of every host before the first task: read in one round trip by one POSIX script. */
export const Facts = z.object({
  os: z.object({
    id: text.describe('ID of os-release: fedora, rhel, centos'),
    version: text.describe('VERSION_ID of os-release'),
    variant: text.describe('VARIANT_ID of os-release: coreos, iot, silverblue'),
    name: text.describe('PRETTY_NAME of os-release'),
    image_based: z.boolean().describe('booted by ostree or bootc: /usr is read-only'),
  }),
  hostname: text,
  machine_id: text,
  kernel: text,
  arch: text.describe('as uname -m says: x86_64, aarch64'),
  boot_id: text,
  uptime_s: count,
  clock_s: count.describe("the host's clock, seconds since 1970"),
  cpus: count,
  memory: z.object({ total: count.describe('bytes'), available: count.describe('bytes') }),
  devices: z.array(
    z.object({
      name: text,
      path: text,
      type: text.describe('disk, part, lvm, loop, rom'),
      size: count.describe('bytes'),
      fstype: text,
      mountpoint: text,
      parent: text.describe('name of the device it lies on, empty for a whole disk'),
    }),
  ),
  mounts: z.array(
    z.object({
      path: text,
      source: text,
      fstype: text,
      options: text,
      size: count.describe('bytes; 0 where the kernel does not say'),
      free: count.describe('bytes free for ordinary users'),
    }),
  ),
  ostree: OstreeFacts,
  tools: z
    .record(text, text)
    .describe('version by name of the tools that are there: rpm-ostree, ostree, bootc, podman, docker, lvm'),
  systemd: z.object({
    version: count.describe('0 where there is no systemd'),
    state: text.describe('running, degraded, starting, maintenance, stopping, offline'),
    failed_units: z.array(text),
  }),
  user: z.object({ name: text, uid: count, home: text }).describe('who we are logged in as'),
});
/** What copse knows of every host before the first task. */
export type Facts = z.infer<typeof Facts>;
