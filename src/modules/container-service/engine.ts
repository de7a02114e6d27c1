/** The engine that runs a container. */
export interface Engine {
  readonly name: 'podman' | 'docker';
  /** Its program. */
  readonly path: string;
  readonly version: string;
}

/** The engine from its path and what its `--version` prints. */
export function parseEngine(line: string): Engine {
  const [path = ''] = line.split(' ', 1);
  const name = path.endsWith('docker') ? 'docker' : 'podman';
  return { name, path, version: /\d+(?:\.\d+)+/.exec(line.slice(path.length))?.[0] ?? '' };
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
