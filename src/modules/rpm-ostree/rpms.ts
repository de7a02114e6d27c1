import type { LocalFile, ModuleContext } from '../../core/module.ts';
import { isSameBuild, nameOf, nevraOfName, withoutEpoch } from './nevra.ts';
import { nevraOfFile } from './rpm-header.ts';
import type { TreeWish } from './tree-schema.ts';

/** An RPM file, and what is in it. */
export interface Rpm {
  readonly nevra: string;
  /** What rpm-ostree is told: a path on the host or a URL. */
  readonly source: string;
  /** The file of this machine that must be copied there first. */
  readonly file?: LocalFile;
}

/** The RPMs a wish names. */
export interface Rpms {
  readonly layered: readonly Rpm[];
  readonly replacing: readonly Rpm[];
  /** What is wrong with them; such a wish is refused. */
  readonly wrong: readonly string[];
}

/** Finds out what is in the RPMs of a wish: `found` is what the host says of its own files. */
export function readRpms(want: TreeWish, found: ReadonlyMap<string, string>, context: ModuleContext): Rpms {
  const wrong: string[] = [];
  const named = (source: string): readonly Rpm[] => {
    const nevra = source.startsWith('/') ? nevraOnHost(source, found.get(source) ?? '', context) : nevraOfName(source);
    if (nevra !== undefined) return [{ nevra, source }];
    wrong.push(found.get(source) === '' ? `there is no file ${source} on the host` : `${source} is not an RPM file`);
    return [];
  };
  const copied = (file: LocalFile): readonly Rpm[] => {
    const nevra = nevraOfFile(file.bytes);
    if (nevra !== undefined) {
      return [{ nevra, source: `/var/tmp/copse-${context.run}-${withoutEpoch(nevra)}.rpm`, file }];
    }
    wrong.push(`${file.path} of this machine is not an RPM file`);
    return [];
  };
  const layered = [...(want.rpms ?? []).flatMap(named), ...(want.rpms_src ?? []).flatMap(copied)];
  const replacing = (want.overrides?.replace ?? []).flatMap(named);
  return { layered, replacing, wrong };
}

/** A file that is not there yet may be laid by a task before, which a check does not run; its name tells enough then. */
function nevraOnHost(path: string, said: string, { check }: ModuleContext): string | undefined {
  if (said === '' && check) return nevraOfName(path);
  return said === '' || said === '?' ? undefined : said;
}

/** Those that are not layered yet, and the NEVRAs of other builds of them, which would stand in their way. */
export function rpmsDelta(
  wished: readonly Rpm[],
  layered: readonly string[],
): { readonly add: readonly Rpm[]; readonly drop: readonly string[] } {
  const add = wished.filter(({ nevra }) => !layered.some((one) => isSameBuild(one, nevra)));
  const drop = layered.filter((one) =>
    wished.some(({ nevra }) => nameOf(one) === nameOf(nevra) && !isSameBuild(one, nevra)),
  );
  return { add, drop };
}
