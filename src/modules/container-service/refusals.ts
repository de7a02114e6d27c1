import type { Change, ModuleContext } from '../../core/module.ts';
import { isAtLeast, type Engine } from './engine.ts';
import { isPath, type Mount } from './mount-schema.ts';
import { MARK, unitPath, type Form } from './render.ts';
import type { Params } from './schema.ts';
import type { Have } from './state.ts';

/** A refusal of a plan. */
export type Refusal = Extract<Change, { readonly refuse: string }>;

/** Why this host cannot have the container at all; undefined when it can. */
export function hostRefusal(want: Params, have: Have, engine: Engine | undefined): Refusal | undefined {
  if (have.lacksSystemd) return { refuse: 'this host has no systemd', code: 'E_UNSUPPORTED' };
  if (have.closed) return { refuse: 'this user cannot write units', hint: 'add "become: true" to the task' };
  if (engine === undefined) {
    const wished = want.engine === 'auto' ? 'neither podman nor docker' : `no ${want.engine}`;
    return {
      refuse: `this host has ${wished}`,
      hint: 'layer it with rpm_ostree, or choose an image that has it',
      code: 'E_UNSUPPORTED',
    };
  }
  if (have.down) {
    return {
      refuse: 'the daemon of docker does not answer',
      hint: '"- systemd_unit: {name: docker, state: started, enabled: true}" goes before',
    };
  }
  return engine.name === 'docker' ? dockerRefusal(want) : podmanRefusal(want, have, engine);
}

function dockerRefusal(want: Params): Refusal | undefined {
  const wishes = [
    want.pod === undefined ? [] : ['pods'],
    want.auto_update === undefined ? [] : ['auto_update'],
    (want.health?.on_failure ?? 'none') === 'none' ? [] : ['"on_failure" of health'],
    want.unit === 'quadlet' ? ['Quadlet'] : [],
  ].flat();
  if (wishes.length === 0) return undefined;
  return { refuse: `docker has no ${wishes.join(', ')}`, hint: 'leave it out, or use podman', code: 'E_UNSUPPORTED' };
}

function podmanRefusal(want: Params, have: Have, { version }: Engine): Refusal | undefined {
  const code = 'E_UNSUPPORTED';
  if (want.unit === 'quadlet' && !(have.hasQuadlet && isAtLeast(version, '4.4'))) {
    return {
      refuse: `podman ${version} on this host has no Quadlet: it needs podman 4.4 and cgroup v2`,
      hint: 'write "unit: auto" or "unit: plain"',
      code,
    };
  }
  if ((want.health?.on_failure ?? 'none') !== 'none' && !isAtLeast(version, '4.2')) {
    return { refuse: `"on_failure" of health needs podman 4.2, found ${version}`, hint: 'leave it out', code };
  }
  return undefined;
}

/** The form of the unit on this host. */
export function formOf(want: Params, have: Have, engine: Engine): Form {
  if (want.unit !== 'auto') return want.unit;
  return engine.name === 'podman' && have.hasQuadlet && isAtLeast(engine.version, '4.4') ? 'quadlet' : 'plain';
}

/** True for text copse wrote. */
export function isOurs(text: string | undefined): boolean {
  return text?.startsWith(MARK) === true;
}

/** The refusal when a file or a container of that name belongs to somebody else, who is not named in `migrate`. */
export function foreignRefusal(want: Params, have: Have): Refusal | undefined {
  if (want.migrate === `${want.name}.service`) return undefined;
  const hint = `to take over from it: migrate: ${want.name}.service`;
  for (const form of ['quadlet', 'plain'] as const) {
    if (have.files[form] !== undefined && !isOurs(have.files[form])) {
      return { refuse: `"${unitPath(want.name, form)}" was not written by copse; it is not replaced`, hint };
    }
  }
  const hasUnit = have.files.quadlet !== undefined || have.files.plain !== undefined;
  if (have.container !== undefined && !hasUnit && have.container.labels['copse.spec'] === undefined) {
    return { refuse: `there is a container "${want.name}" that copse did not make; it is not replaced`, hint };
  }
  return undefined;
}

/** What a missing source of a mount needs: undefined when nothing may be made. */
export function makeOf(mount: Mount, want: Params): 'folder' | 'file' | undefined {
  if (mount.create !== 'no') return mount.create;
  return want.create_folders && mount.source.endsWith('/') ? 'folder' : undefined;
}

/** The mounts whose source is missing. */
export function missingMounts(mounts: readonly Mount[], have: Have): readonly Mount[] {
  return mounts.filter((mount) => isPath(mount) && (have.paths.get(mount.source) ?? 'absent') === 'absent');
}

/** The refusal when sources are missing or of the wrong kind. Docker would make folders of them, podman would not start. */
export function mountRefusal(
  want: Params,
  have: Have,
  context: ModuleContext,
): { refusal?: Refusal; notes: readonly string[] } {
  // A setup brings what the container needs.
  const isComing = context.check || want.setup !== undefined;
  const missing = missingMounts(want.mounts, have).filter((mount) => makeOf(mount, want) === undefined);
  const wrong = want.mounts.filter(
    (mount) =>
      mount.source.endsWith('/') && isFile(have.paths.get(mount.source.slice(0, -1)) ?? have.paths.get(mount.source)),
  );
  if (wrong.length > 0) {
    return { refusal: { refuse: `expected folders, found files: ${sources(wrong)}` }, notes: [] };
  }
  if (missing.length === 0) return { notes: [] };
  const text = `missing on the host: ${sources(missing)}`;
  if (isComing) return { notes: [text] };
  const hint =
    'make them first with file or copy, or write "create: folder"; "create_folders: true" makes all that end in a slash';
  return { refusal: { refuse: text, hint }, notes: [] };
}

function isFile(kind: string | undefined): boolean {
  return kind === 'file';
}

function sources(mounts: readonly Mount[]): string {
  return mounts.map(({ source }) => source).join(', ');
}
