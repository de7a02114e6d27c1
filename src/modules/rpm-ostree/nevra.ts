/** `name-[epoch:]version-release.arch`, of characters that packages are named with. */
export const NEVRA = /^[A-Za-z0-9][\w.+-]*-(?:\d+:)?[\w.+~^]+-[\w.+~^]+\.\w+$/;

/** The name in `name-[epoch:]version-release.arch`. */
export function nameOf(nevra: string): string {
  return /^(.+)-[^-]+-[^-]+$/.exec(nevra)?.[1] ?? nevra;
}

/** Without its epoch, which file names do not tell. */
export function withoutEpoch(nevra: string): string {
  return nevra.replace(/-\d+:(?=[^-]+-[^-]+$)/, '-');
}

/** True when both mean the same build of a package. */
export function isSameBuild(one: string, other: string): boolean {
  return withoutEpoch(one) === withoutEpoch(other);
}

/** What a file or URL `…/name-version-release.arch.rpm` says it is; undefined when its name is of another form. */
export function nevraOfName(source: string): string | undefined {
  const file =
    source
      .replace(/[?#].*$/, '')
      .split('/')
      .at(-1) ?? '';
  const nevra = file.replace(/\.rpm$/, '');
  return file.endsWith('.rpm') && NEVRA.test(nevra) ? nevra : undefined;
}
