import { z } from 'zod';
import type { LocalFile } from '../../core/module.ts';
import { Kargs, KARGS_TEXT } from '../kargs-params.ts';
import { listOf, localFile, packageName } from '../params.ts';
import { nevraOfName } from './nevra.ts';

const FLAG = { error: 'expected true or false' };

/** A word of rpm-ostree's command line that names something; never an option. */
function word(what: string, form: RegExp): z.ZodType<string, string> {
  const error = `expected ${what}`;
  return z.string({ error }).regex(form, { error }).meta({ title: 'text' });
}

const Rpm = z
  .string({ error: 'expected an RPM: an absolute path on the host, or a URL' })
  .superRefine((source, context) => {
    const wrong = wrongRpm(source);
    if (wrong !== undefined) context.addIssue({ code: 'custom', message: wrong, input: source });
  })
  .meta({ title: 'path or URL' });

function wrongRpm(source: string): string | undefined {
  if (/^https?:\/\//.test(source)) {
    if (/[\s\0"'<>\\]/.test(source)) return 'expected a URL without spaces and quotes';
    return nevraOfName(source) === undefined
      ? 'expected a URL that ends with name-version-release.arch.rpm, so that it tells which package it is'
      : undefined;
  }
  if (/^[a-z]+:/.test(source)) return 'expected an http or https URL, or a path on the host';
  if (!source.startsWith('/')) return 'expected an absolute path on the host; "rpms_src" takes files of this machine';
  return source.endsWith('.rpm') &&
    !source.split('/').includes('..') &&
    !/[\0\n]/.test(source) &&
    !source.endsWith('.src.rpm')
    ? undefined
    : 'expected a binary RPM file, ending with ".rpm"';
}

/** Parameters of `rpm_ostree` about the tree: its image, local RPMs, overrides, kernel arguments and initramfs. */
export const TREE = {
  upgrade: z
    .boolean(FLAG)
    .default(false)
    .describe('Brings the image and the layered packages to what is newest on the ref or tag that the host follows.'),
  allow_downgrade: z
    .boolean(FLAG)
    .default(false)
    .describe('Lets an upgrade go to an older image, where its maker went back.'),
  deploy: word('a version, a commit or a digest', /^[A-Za-z0-9][\w.:+~^=-]*$/)
    .optional()
    .describe('Version, commit or image digest the host must run, newer or older; it stays there until an upgrade.'),
  rebase: word(
    'a ref such as "fedora:fedora/41/x86_64/iot" or an image such as "ostree-unverified-registry:quay.io/org/os:41"',
    /^[A-Za-z0-9:][\w.:/@+~-]*$/,
  )
    .optional()
    .describe(
      'Ref or container image to follow from now on: REMOTE:BRANCH, BRANCH, or an image as rpm-ostree writes it. With "deploy", that version of the ref.',
    ),
  purge: z.boolean(FLAG).default(true).describe('A rebase takes the ref of before off the host; false keeps it.'),
  rollback_to: word('a version, a checksum or the id of a deployment', /^[A-Za-z0-9][\w.:+~^-]*$/)
    .optional()
    .describe(
      'Deployment of the host that must run again: its version, checksum or id. It must be there already; see "rpm-ostree status".',
    ),
  rpms: listOf(Rpm)
    .optional()
    .describe(
      'RPM files to layer: absolute paths on the host, or URLs. Another version of the same package that was layered so is superseded.',
    ),
  rpms_src: z
    .union([localFile().transform((file) => [file]), z.array(localFile())])
    .optional()
    .describe(
      'RPM files of this machine to layer: copied to /var/tmp of the host where they are needed, and removed afterwards.',
    ),
  overrides: z
    .strictObject({
      remove: listOf(packageName()).default([]).describe('Packages of the image that must be taken out.'),
      replace: listOf(Rpm)
        .default([])
        .describe('RPM files, paths on the host or URLs, that stand in for packages of the image.'),
      reset: listOf(packageName())
        .default([])
        .describe('Packages that must be as in the image again; "all" for every override.'),
    })
    .optional()
    .describe(
      'Packages of the image itself, by the lists remove (taken out), replace (RPM files on the host or URLs that stand in for them) and reset (as in the image again; "all" for every override).',
    ),
  kargs: Kargs.optional().describe(KARGS_TEXT),
  initramfs: z
    .strictObject({
      enable: z
        .boolean(FLAG)
        .default(true)
        .describe('The initramfs is made on the host; false takes that of the image again.'),
      args: z
        .array(word('an argument for dracut', /^[^\0\n]+$/))
        .default([])
        .describe('Arguments for dracut, in this order and no others.'),
    })
    .optional()
    .describe(
      'Whether the initramfs is made on the host (enable, true unless said), and the arguments for dracut (args: these, in this order, and no others).',
    ),
  refresh_md: z
    .boolean(FLAG)
    .default(false)
    .describe('Reads the metadata of the repositories anew before packages are changed.'),
  on_skew: z
    .enum(['fail', 'upgrade'])
    .default('fail')
    .describe(
      'upgrade: packages that need newer base packages than the image has are layered together with an upgrade of the image. fail: the task fails and says so.',
    ),
} as const;

/** The part of a wish that is about the tree. */
export interface TreeWish {
  readonly upgrade: boolean;
  readonly allow_downgrade: boolean;
  readonly deploy?: string | undefined;
  readonly rebase?: string | undefined;
  readonly purge: boolean;
  readonly rollback_to?: string | undefined;
  readonly rpms?: readonly string[] | undefined;
  readonly rpms_src?: readonly LocalFile[] | undefined;
  readonly overrides?:
    | { readonly remove: readonly string[]; readonly replace: readonly string[]; readonly reset: readonly string[] }
    | undefined;
  readonly kargs?:
    | { readonly append: readonly string[]; readonly delete: readonly string[]; readonly replace: readonly string[] }
    | undefined;
  readonly initramfs?: { readonly enable: boolean; readonly args: readonly string[] } | undefined;
  readonly refresh_md: boolean;
  readonly on_skew: 'fail' | 'upgrade';
}
