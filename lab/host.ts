import { access, readFile, readdir } from 'node:fs/promises';
import { join } from 'node:path';
import { attempt, run } from './shell.ts';

/** What the lab runs on the host, and the Debian package that has it. */
const needed: readonly (readonly [program: string, ...packages: string[]])[] = [
  ['qemu-system-x86_64', 'qemu-system-x86', 'seabios'],
  ['qemu-img', 'qemu-utils'],
  ['mmdebstrap', 'mmdebstrap', 'debian-archive-keyring'],
  ['extlinux', 'extlinux', 'syslinux-common'],
  ['mkfs.ext4', 'e2fsprogs'],
  ['sfdisk', 'fdisk'],
  ['cpio', 'cpio'],
  ['lz4', 'lz4'],
  ['xz', 'xz-utils'],
  ['genisoimage', 'genisoimage'],
  ['ssh', 'openssh-client'],
  ['unshare', 'util-linux'],
];

/** Checks that this host can run the lab and installs what is missing; says what stands in the way elsewhere. */
export async function prepareHost(say: (line: string) => void): Promise<void> {
  if (process.platform !== 'linux' || process.arch !== 'x64') {
    throw new Error(`the lab needs Linux on amd64, this is ${process.platform} on ${process.arch}`);
  }
  if (process.getuid?.() !== 0)
    throw new Error('the lab must be run as root: it builds an image with chroot and loop mounts');
  const missing = (await Promise.all(needed.map(async (row) => ((await isThere(row[0])) ? [] : [row])))).flat();
  if (missing.length === 0) return;
  const packages = missing.flatMap(([, ...names]) => names);
  if (!(await isThere('apt-get'))) {
    throw new Error(
      `the lab needs ${missing.map(([program]) => program).join(', ')}: only on Debian it can install them itself`,
    );
  }
  say(`installing ${packages.join(' ')}`);
  await attempt(['apt-get', 'update', '-q']);
  await run(['apt-get', 'install', '-q', '-y', '--no-install-recommends', ...packages], {
    env: { DEBIAN_FRONTEND: 'noninteractive' },
  });
}

/** Where Debian's packages come from. */
export interface Mirrors {
  readonly main: string;
  /** Empty when the host uses none. */
  readonly security: string;
}

/** The mirrors of this host's own apt; `COPSE_LAB_MIRROR` and `COPSE_LAB_SECURITY_MIRROR` name others. */
export async function mirrors(etc = '/etc/apt'): Promise<Mirrors> {
  const named = process.env['COPSE_LAB_MIRROR'];
  if (named !== undefined) return { main: named, security: process.env['COPSE_LAB_SECURITY_MIRROR'] ?? '' };
  const files = [join(etc, 'sources.list'), ...(await list(join(etc, 'sources.list.d')))];
  const sources = (await Promise.all(files.map(sourcesOf)))
    .flat()
    .filter(({ components }) => components.includes('main'));
  const plain = sources.filter(({ suites }) => suites.some((suite) => /^[a-z]+$/.test(suite)) && sources.length > 0);
  const debian = (uri: string): boolean => /\/debian\/?$/.test(uri);
  const main = plain.flatMap(({ uris }) => uris).sort((a, b) => Number(debian(b)) - Number(debian(a)))[0];
  if (main === undefined) {
    throw new Error(`no Debian mirror in ${etc}: name one with COPSE_LAB_MIRROR=http://deb.debian.org/debian`);
  }
  const security = sources.find(({ suites }) => suites.some((suite) => suite.endsWith('-security')))?.uris[0] ?? '';
  return { main: await resolved(main), security: security === '' ? '' : await resolved(security) };
}

interface Source {
  readonly uris: readonly string[];
  readonly suites: readonly string[];
  readonly components: readonly string[];
}

async function sourcesOf(file: string): Promise<readonly Source[]> {
  const text = await readFile(file, 'utf8').catch(() => '');
  if (file.endsWith('.sources')) return text.split(/\n\s*\n/).flatMap(fromStanza);
  return file.endsWith('.list') ? text.split('\n').flatMap(fromLine) : [];
}

function fromLine(line: string): readonly Source[] {
  const [, uri, suite, components] = /^\s*deb\s+(?:\[[^\]]*\]\s+)?(\S+)\s+(\S+)\s+([^#]*)/.exec(line) ?? [];
  return uri === undefined || suite === undefined
    ? []
    : [{ uris: [uri], suites: [suite], components: words(components) }];
}

function fromStanza(stanza: string): readonly Source[] {
  const lines = stanza.split('\n').filter((line) => !line.startsWith('#'));
  const fields = new Map(
    lines.map((line) => /^([A-Za-z-]+):\s*(.*)$/.exec(line)).flatMap((m) => (m ? [[m[1]?.toLowerCase(), m[2]]] : [])),
  );
  const of = (field: string): readonly string[] => words(fields.get(field));
  if (!of('types').includes('deb') || ['no', 'false', '0'].includes(fields.get('enabled')?.toLowerCase() ?? 'yes'))
    return [];
  return [{ uris: of('uris'), suites: of('suites'), components: of('components') }];
}

function words(text: string | undefined): readonly string[] {
  return (text ?? '').split(/\s+/).filter((word) => word !== '');
}

/** `mirror+file:LIST`, as in Debian's cloud images, names a file of mirrors. */
async function resolved(uri: string): Promise<string> {
  if (!uri.startsWith('mirror+file:')) return uri.replace(/\/$/, '');
  const mirrors = await readFile(uri.slice('mirror+file:'.length), 'utf8');
  return words(mirrors)[0]?.replace(/\/$/, '') ?? uri;
}

async function list(folder: string): Promise<readonly string[]> {
  const names = await readdir(folder).catch(() => []);
  return names.toSorted((a, b) => a.localeCompare(b)).map((name) => join(folder, name));
}

async function isThere(program: string): Promise<boolean> {
  const folders = [...(process.env['PATH'] ?? '').split(':'), '/usr/sbin', '/sbin'];
  const found = await Promise.all(
    folders.map((folder) =>
      access(join(folder, program)).then(
        () => true,
        () => false,
      ),
    ),
  );
  return found.includes(true);
}
