import { z } from 'zod';
import { DEPLOYING } from '../activation-params.ts';
import { obey, type Rule } from '../params.ts';

const FLAG = { error: 'expected true or false' };
const DIGEST = /@sha256:[0-9a-f]{64}$/;

const Image = z
  .string({ error: 'expected a container image such as "quay.io/example/os:42"' })
  .superRefine((image, context) => {
    const wrong = wrongImage(image);
    if (wrong !== undefined) context.addIssue({ code: 'custom', message: wrong, input: image });
  })
  .meta({ title: 'image' });

function wrongImage(image: string): string | undefined {
  const [, prefix = ''] = /^([a-z-]+:\/\/|ostree-[a-z-]+:|docker:)/.exec(image) ?? [];
  if (prefix !== '') return `expected the bare name of an image: leave out "${prefix}", "transport" tells where it is`;
  if (/[@]/.test(image) && !DIGEST.test(image)) {
    return 'expected a digest as "@sha256:" and 64 hexadecimal digits; a password does not belong here';
  }
  return /^[A-Za-z0-9/][\w.:/@+-]*$/.test(image)
    ? undefined
    : 'expected a container image such as "quay.io/example/os:42"';
}

const Shape = z.strictObject({
  image: Image.optional().describe(
    'Container image to follow and to run: NAME:TAG, or NAME@sha256:DIGEST for exactly one build.',
  ),
  transport: z
    .enum(['registry', 'containers-storage', 'oci', 'oci-archive', 'docker-daemon'])
    .default('registry')
    .describe(
      'Where the host finds the image: a registry, its own podman (containers-storage), or a path on the host.',
    ),
  upgrade: z.boolean(FLAG).default(false).describe('Brings the host to the newest build of the tag that it follows.'),
  rollback_to: z
    .string({ error: 'expected a digest, a version, an image or the id of a deployment' })
    .regex(/^[A-Za-z0-9][\w.:/@+~^-]*$/, { error: 'expected a digest, a version, an image or the id of a deployment' })
    .meta({ title: 'text' })
    .optional()
    .describe('Deployment of the host that must run again: its digest, version, image, checksum or id.'),
  retain: z.boolean(FLAG).default(false).describe('A switch keeps what was followed before on the host.'),
  enforce_container_sigpolicy: z
    .boolean(FLAG)
    .optional()
    .describe(
      'Whether /etc/containers/policy.json must demand a signature of the image. Absent: as it is now, also over a switch.',
    ),
  activate: z
    .enum(['download', 'stage', 'reboot'])
    .default('reboot')
    .describe(
      'reboot: boot the new image at once and prove it. stage: leave it for the next boot. download: have it on the disk, and let no boot apply it.',
    ),
  soft_reboot: z
    .enum(['never', 'auto', 'required'])
    .default('never')
    .describe(
      'auto: restart userspace alone where the new image allows that, which is faster. required: refuse to reboot where it does not.',
    ),
  ...DEPLOYING,
});
type Shape = z.infer<typeof Shape>;

const RULES: readonly Rule<Shape>[] = [
  {
    at: 'image',
    wrong: (want) => want.image === undefined && !want.upgrade && want.rollback_to === undefined,
    say: 'nothing is wished: expected "image", "upgrade" or "rollback_to"',
  },
  {
    at: 'upgrade',
    wrong: ({ image, upgrade }) => upgrade && image !== undefined && digestOf(image) !== undefined,
    say: 'an image with a digest is one build, which has no newer one: leave out "upgrade", or follow a tag',
  },
  {
    at: 'rollback_to',
    wrong: (want) =>
      want.rollback_to !== undefined &&
      (want.image !== undefined || want.upgrade || want.soft_reboot !== 'never' || want.activate === 'download'),
    say: '"rollback_to" boots a deployment as it is, with its own kernel: leave out "image", "upgrade", "soft_reboot" and activate: download',
  },
  {
    at: 'transport',
    wrong: (want) => want.image === undefined && (want.transport !== 'registry' || want.retain),
    say: '"transport" and "retain" are for a switch: expected "image" beside them',
  },
  {
    at: 'enforce_container_sigpolicy',
    wrong: (want) => want.image === undefined && want.enforce_container_sigpolicy !== undefined,
    say: 'signatures are a matter of the image that is followed: expected "image" beside it',
  },
  {
    at: 'image',
    wrong: ({ image, transport }) => transport === 'registry' && image?.startsWith('/') === true,
    say: 'a path is no image of a registry: expected transport: oci or oci-archive',
  },
  {
    at: 'activate',
    wrong: (want) =>
      want.activate !== 'reboot' &&
      (want.health !== undefined || want.rollback !== 'never' || want.retry_denied || want.soft_reboot !== 'never'),
    say: '"health", "rollback", "retry_denied" and "soft_reboot" are for a reboot: expected activate: reboot',
  },
];

/** The digest that an image names, `sha256:…`; undefined for one that goes by its tag. */
export function digestOf(image: string): string | undefined {
  return DIGEST.exec(image)?.[0].slice(1);
}

/** The wish of the `bootc` module. */
export const Params = Shape.superRefine(obey(RULES));
/** The wish of the `bootc` module. */
export type Params = z.infer<typeof Params>;
