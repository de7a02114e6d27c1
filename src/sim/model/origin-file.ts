import type { Deployment, Origin } from './deployment.ts';
import { imageOf } from './image.ts';

/** The origin file of a deployment, as ostree, rpm-ostree and bootc write it. */
export function originText({ origin, pinned, unlocked }: Deployment): string {
  const list = (names: readonly string[]): string => names.map((name) => `${name};`).join('');
  const groups: readonly (readonly [string, readonly (readonly [string, string])[]])[] = [
    [
      'origin',
      [
        [sourceKey(origin), origin.follows ?? origin.refspec],
        ['unlocked', unlocked === 'hotfix' ? 'hotfix' : ''],
      ],
    ],
    [
      'packages',
      [
        ['requested', list(origin.requested)],
        ['requested-local', list(origin.requestedLocal)],
      ],
    ],
    [
      'overrides',
      [
        ['remove', list(origin.removals)],
        ['replace-local', list(origin.replacements ?? [])],
      ],
    ],
    ['rpmostree', [['regenerate-initramfs', origin.initramfs === undefined ? '' : 'true']]],
    ['libostree-transient', [['pinned', pinned ? 'true' : '']]],
  ];
  return groups
    .map(([name, entries]) => [name, entries.filter(([, value]) => value !== '')] as const)
    .filter(([, entries]) => entries.length > 0)
    .map(([name, entries]) => `[${name}]\n${entries.map(([key, value]) => `${key}=${value}\n`).join('')}`)
    .join('\n');
}

/** The ref in an origin file; undefined where ostree itself does not know what stands there. */
export function refspecIn(text: string): string | undefined {
  return /^refspec=(.+)$/m.exec(text)?.[1];
}

/** The key changes as soon as rpm-ostree has something of its own to keep. */
function sourceKey(origin: Origin): string {
  if (imageOf(origin.refspec) !== undefined) return 'container-image-reference';
  return isChanged(origin) ? 'baserefspec' : 'refspec';
}

/** True for a tree that rpm-ostree made something else of than its base. */
function isChanged(origin: Origin): boolean {
  const { requested, requestedLocal, removals, replacements = [], initramfs } = origin;
  return (
    requested.length + requestedLocal.length + removals.length + replacements.length > 0 || initramfs !== undefined
  );
}
