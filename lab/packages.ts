import { mkdir, readFile, readdir, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { sources } from './paths.ts';
import { run } from './shell.ts';

/** What guest/packages/FOLDER/PACKAGE.json says of a package that machines can layer; its files lie beside it in root/. */
interface Package {
  readonly name: string;
  readonly epoch: number;
  readonly version: string;
  readonly release: string;
  readonly arch: string;
  /** Not in the repository's list: to be installed from its file, as a local package. */
  readonly unlisted?: boolean;
}

/** Packs guest/packages into a folder: one tar named like an RPM each, and index.json, the repository's list. */
export async function buildPackages(folder: string): Promise<void> {
  const from = join(sources, 'guest', 'packages');
  await mkdir(folder, { recursive: true });
  const listed: unknown[] = [];
  for (const name of (await readdir(from)).sort()) {
    const about = JSON.parse(await readFile(join(from, name, 'PACKAGE.json'), 'utf8')) as Package;
    const file = `${about.name}-${about.version}-${about.release}.${about.arch}.rpm`;
    const tar = [
      '--sort=name',
      '--owner=0',
      '--group=0',
      '--numeric-owner',
      '--mtime=@0',
      '--mode=go-w',
      '-C',
      join(from, name),
    ];
    await run(['tar', ...tar, '-cf', join(folder, file), 'PACKAGE.json', 'root']);
    if (about.unlisted !== true) listed.push({ ...about, file });
  }
  await writeFile(join(folder, 'index.json'), JSON.stringify({ generated: '2026-02-01T00:00:00Z', packages: listed }));
}
