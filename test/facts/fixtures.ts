import { existsSync, readFileSync } from 'node:fs';

const FOLDER = new URL('../../../shared/fixtures/rpm-ostree/', import.meta.url).pathname;

/** True where the captured outputs that may be read but not copied are at hand. */
export const hasCaptures = existsSync(FOLDER);

/** Why tests over them did not run. */
export const NO_CAPTURES =
  'the captured outputs of rpm-ostree are not part of this repository; these tests run beside them only';

/** One captured output. */
export function capture(name: string): string {
  return readFileSync(FOLDER + name, 'utf8');
}
