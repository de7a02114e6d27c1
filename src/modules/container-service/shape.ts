import { z } from 'zod';
import { duration, unitName, word } from '../params.ts';
import { mount } from './mount-schema.ts';
import { Phase } from './phase-schema.ts';
import { Health, Network, SecretWish } from './schema-parts.ts';
import { capability, imageReference, objectName, pairs, port } from './words-schema.ts';

const flag = (): z.ZodBoolean => z.boolean({ error: 'expected true or false' });

/** The parameters of `container_service`, before what they must not be together. */
export const Shape = z.strictObject({
  name: objectName('a container').describe('Name of the container and, with ".service", of its unit.'),
  state: z
    .enum(['started', 'stopped', 'pulled', 'absent'])
    .default('started')
    .describe(
      'pulled: only the image is there. absent: unit, container and secrets are gone, and networks and pods that were made for it and that nobody else uses.',
    ),
  image: imageReference()
    .optional()
    .describe(
      'The image with its registry, by digest or tag. A digest is the only name that cannot change its meaning.',
    ),
  pull: z
    .enum(['missing', 'always', 'never'])
    .default('missing')
    .describe('always: the tag is looked up in each run, and the container restarted when it has moved.'),
  engine: z
    .enum(['auto', 'podman', 'docker'])
    .default('auto')
    .describe('auto: podman where it is there, docker otherwise.'),
  unit: z
    .enum(['auto', 'quadlet', 'plain'])
    .default('auto')
    .describe('auto: a Quadlet file where podman and the host can (4.4, cgroup v2), a systemd unit otherwise.'),
  storage: z
    .enum(['engine', 'ostree'])
    .default('engine')
    .describe('ostree: a system container of the atomic tool, without any daemon; only on old Atomic Hosts.'),
  settings: pairs('a setting', 'a system container has no place for secrets')
    .default({})
    .describe('With storage ostree: values for "atomic install --set".'),
  description: word('a description')
    .refine((text) => !text.endsWith('\\'), { error: 'expected a description without a backslash at its end' })
    .optional()
    .describe('What systemctl shows.'),
  command: z.array(word('a word')).default([]).describe('The command in the container; that of the image without it.'),
  entrypoint: word('a program').optional().describe('The program that gets the command, instead of that of the image.'),
  run_label: z
    .string()
    .regex(/^[A-Za-z][A-Za-z0-9_.-]*$/, { error: 'expected the name of a label such as "RUN"' })
    .optional()
    .describe('A label of the image that holds the whole run command; its options become part of the unit.'),
  environment: pairs('a variable', 'write it under "secrets" with "env"')
    .default({})
    .describe('Variables of the container.'),
  secrets: z
    .array(SecretWish)
    .default([])
    .describe(
      'Secrets as files or variables: [{name, value, env, target, mode}]. A file is seen as /run/secrets/NAME or at target; with env it is a variable.',
    ),
  mounts: z
    .array(mount())
    .default([])
    .describe(
      'Paths of the host and named volumes: "/etc/ipa/:/etc/ipa/:ro", or objects. Every path is looked at before anything is started.',
    ),
  create_folders: flag().default(false).describe('Makes missing sources that are written with a slash at the end.'),
  ports: z.array(port()).default([]).describe('Published ports: "8080:80".'),
  network: z.enum(['default', 'host', 'none']).default('default').describe('host: no isolation of the network.'),
  networks: z
    .array(Network)
    .default([])
    .describe('Networks of the engine, made when they are missing: [{name, subnet, internal}].'),
  pod: objectName('a pod')
    .optional()
    .describe('A pod of podman to join; made when it is missing, with the ports and networks of the task.'),
  capabilities: z.array(capability()).default([]).describe('Capabilities to add.'),
  drop_capabilities: z.array(capability()).default([]).describe('Capabilities to take away; ALL for all.'),
  privileged: flag().default(false).describe('All capabilities and devices, no SELinux confinement.'),
  selinux: z
    .string()
    .regex(/^(?:disable|[a-z][a-z0-9_]*_t)$/, { error: 'expected "disable" or a type such as "spc_t"' })
    .optional()
    .describe('disable, or the SELinux type of the process such as spc_t.'),
  devices: z
    .array(z.string().regex(/^\/dev\/[A-Za-z0-9_./:-]+$/, { error: 'expected a device such as "/dev/kvm"' }))
    .default([])
    .describe('Devices of the host.'),
  user: z
    .string()
    .regex(/^[A-Za-z0-9_][A-Za-z0-9_.:-]*$/, { error: 'expected a user or number' })
    .optional()
    .describe('User in the container, with ":group" if wished.'),
  hostname: z
    .string()
    .regex(/^[A-Za-z0-9][A-Za-z0-9.-]{0,62}$/, { error: 'expected a host name' })
    .optional()
    .describe('Host name in the container.'),
  read_only: flag().default(false).describe('The file system of the container is read-only.'),
  options: z
    .array(word('a word'))
    .default([])
    .describe('Further options of the engine, each a whole word such as "--memory=512m".'),
  labels: pairs('a label', 'labels are public').default({}).describe('Labels of the container.'),
  health: Health.optional().describe(
    'How the engine sees that it is well; the task waits until it is: {command, interval, timeout, retries, start_period, on_failure}.',
  ),
  restart: z
    .enum(['no', 'on-failure', 'always'])
    .default('always')
    .describe('What systemd does when it ends. The restart policy of the engine is never used beside it.'),
  auto_update: z
    .enum(['registry', 'local'])
    .optional()
    .describe('Lets "podman auto-update" renew it. Needs a tag: a digest cannot move.'),
  enabled: flag().default(true).describe('Whether it starts at boot.'),
  after: z.array(unitName()).default([]).describe('Units it starts after.'),
  requires: z.array(unitName()).default([]).describe('Units it needs; started before it and stopped after it.'),
  start_timeout: duration().prefault('5m').describe('How long it may take until it runs and is healthy.'),
  stop_timeout: duration().prefault('30s').describe('How long it may take to end before it is killed.'),
  setup: Phase.optional().describe(
    'What runs once before the first start, an enrolment or the INSTALL label: {label or command, args, environment, creates, host_data, secret: {value, env or file}, timeout}.',
  ),
  uninstall: Phase.optional().describe(
    'With absent: what runs before everything is removed, such as the UNINSTALL label.',
  ),
  migrate: unitName()
    .optional()
    .describe(
      'A native unit this takes over from: stopped, disabled and masked; absent unmasks it again. A setup is not run when what it creates is there. With the same name its unit is only hidden.',
    ),
  remove_volumes: flag()
    .default(false)
    .describe('With absent: destroys the named volumes of "mounts"; each must stand in allow_destroy.'),
  remove_image: flag().default(false).describe('With absent: removes the image unless another container uses it.'),
});
/** The parameters of `container_service`. */
export type Shape = z.infer<typeof Shape>;
