import type { ModuleContext } from '../../core/module.ts';
import type { Params } from './schema.ts';

/** The engine that runs a container. */
export interface Engine {
  readonly name: 'podman' | 'docker';
  /** Its program. */
  readonly path: string;
  readonly version: string;
}

/** The engine of a wish on this host; undefined when the host has none that is wished. */
export function engineOf(want: Params, { facts }: ModuleContext): Engine | undefined {
  const names = want.engine === 'auto' ? (['podman', 'docker'] as const) : [want.engine];
  const name = names.find((one) => facts.tools[one] !== undefined);
  return name === undefined ? undefined : { name, path: `/usr/bin/${name}`, version: facts.tools[name] ?? '' };
}

/** True when a version is at least another, part by part: `4.10.1` is more than `4.4`. */
export function isAtLeast(version: string, least: string): boolean {
  const [major = 0, minor = 0] = numbers(version);
  const [wantMajor = 0, wantMinor = 0] = numbers(least);
  return major > wantMajor || (major === wantMajor && minor >= wantMinor);
}

function numbers(version: string): number[] {
  return (/\d+(?:\.\d+)*/.exec(version)?.[0] ?? '').split('.').map(Number);
}
