import { execFileSync } from 'node:child_process';
import { randomBytes } from 'node:crypto';
import {
  chmodSync,
  chownSync,
  existsSync,
  linkSync,
  lstatSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  statSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { Secret } from '../../src/core/secret.ts';
import type { PutStep } from '../../src/core/step.ts';
import type { HostSession } from '../../src/session/session.ts';
import { localSession, PLAIN, problemsOf } from './this-machine.ts';

const ROOT = process.getuid?.() === 0;
let folder: string;
let session: HostSession;

beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'copse-put-'));
  session = localSession();
});

afterEach(async () => {
  await session.close();
  rmSync(folder, { recursive: true, force: true });
});

function put(name: string, content: PutStep['content'], more: Partial<PutStep> = {}): Promise<void> {
  return session.put({ do: 'put', say: `write ${name}`, path: join(folder, name), content, ...more }, PLAIN);
}

function mode(name: string): string {
  return (statSync(join(folder, name)).mode & 0o7777).toString(8);
}

function skipped(why: string): void {
  process.stdout.write(`not run: ${why}\n`);
}

/** A file system of `kilobytes`, mounted in the folder; undefined where that is not allowed. */
function smallDisk(kilobytes: number): { readonly path: string; readonly remove: () => void } | undefined {
  const path = join(folder, 'disk');
  mkdirSync(path);
  try {
    execFileSync('mount', ['-t', 'tmpfs', '-o', `size=${kilobytes}k`, 'tmpfs', path], { stdio: 'ignore' });
  } catch {
    return undefined;
  }
  return { path, remove: () => execFileSync('umount', [path]) };
}

describe('a file that is put', () => {
  it.each([
    ['text', 'grüße\n', Buffer.from('grüße\n')],
    ['nothing', '', Buffer.alloc(0)],
    ['a secret', new Secret('s3cret'), Buffer.from('s3cret')],
    ['bytes', Buffer.from([0, 255, 10, 13, 0]), Buffer.from([0, 255, 10, 13, 0])],
  ])('holds %s exactly', async (_, content, wanted) => {
    await put('file', content);

    expect(readFileSync(join(folder, 'file'))).toEqual(wanted);
    expect(mode('file')).toBe('644');
  });

  it('that is secret shows neither itself nor its checksum to other users', async () => {
    const watched = localSession((text) => `PATH=${folder}:$PATH; export PATH; ${text}`);
    const watching = `#!/bin/sh
ps -eo args >${folder}/seen
exec /usr/bin/sha256sum
`;
    writeFileSync(join(folder, 'sha256sum'), watching, { mode: 0o755 });
    const step: PutStep = { do: 'put', say: '', path: join(folder, 'file'), content: new Secret('hunter2') };

    await watched.put(step, PLAIN);
    await watched.close();

    const sum = execFileSync('sha256sum', { input: 'hunter2' }).toString().slice(0, 64);
    const seen = readFileSync(join(folder, 'seen'), 'utf8');
    expect([seen.includes('copse-'), seen.includes('hunter2'), seen.includes(sum)]).toEqual([true, false, false]);
  });

  it('may be large', async () => {
    const content = randomBytes(20_000_000);

    await put('large', content);

    expect(readFileSync(join(folder, 'large')).equals(content)).toBe(true);
  });

  it.each(["it's", 'a b', '-rf', 'ü*?[x]', '$HOME', 'new\nline', '.hidden'])('may be called %j', async (name) => {
    await put(name, 'x');

    expect(readdirSync(folder)).toEqual([name]);
  });

  it('has the mode that was asked for, from the first moment on', async () => {
    await put('key', 'x', { mode: '0600' });

    expect(mode('key')).toBe('600');
  });

  it('keeps the mode and the owner of the file it replaces', async () => {
    writeFileSync(join(folder, 'old'), 'old');
    if (ROOT) chownSync(join(folder, 'old'), 12, 34);
    chmodSync(join(folder, 'old'), 0o4750);

    await put('old', 'new');

    const { uid, gid } = statSync(join(folder, 'old'));
    expect([readFileSync(join(folder, 'old'), 'utf8'), mode('old')]).toEqual(['new', '4750']);
    if (ROOT) expect([uid, gid]).toEqual([12, 34]);
  });

  it.runIf(ROOT)('has the owner and the group that were asked for', async () => {
    await put('owned', 'x', { owner: 'daemon', group: 'adm', mode: '0640' });

    const { uid, gid } = statSync(join(folder, 'owned'));
    const ids = execFileSync('sh', ['-c', 'id -u daemon; getent group adm | cut -d: -f3'])
      .toString()
      .trim()
      .split('\n');
    expect([uid, gid, mode('owned')]).toEqual([...ids.map(Number), '640']);
  });

  it('keeps what it replaces under a suffix, with all it was', async () => {
    writeFileSync(join(folder, 'conf'), 'old');
    chmodSync(join(folder, 'conf'), 0o640);

    await put('conf', 'new', { backupSuffix: '.before', mode: '0600' });

    expect([readFileSync(join(folder, 'conf'), 'utf8'), mode('conf')]).toEqual(['new', '600']);
    expect([readFileSync(join(folder, 'conf.before'), 'utf8'), mode('conf.before')]).toEqual(['old', '640']);
  });

  it('makes no copy of a file that was not there', async () => {
    await put('conf', 'new', { backupSuffix: '.before' });

    expect(readdirSync(folder)).toEqual(['conf']);
  });

  it('replaces a link, not what it points at', async () => {
    writeFileSync(join(folder, 'target'), 'target');
    symlinkSync(join(folder, 'target'), join(folder, 'link'));

    await put('link', 'new');

    expect(lstatSync(join(folder, 'link')).isSymbolicLink()).toBe(false);
    expect(readFileSync(join(folder, 'target'), 'utf8')).toBe('target');
  });

  it('does not change other names of the file it replaces', async () => {
    writeFileSync(join(folder, 'a'), 'old');
    linkSync(join(folder, 'a'), join(folder, 'b'));

    await put('a', 'new');

    expect(readFileSync(join(folder, 'b'), 'utf8')).toBe('old');
  });

  it.each([
    ['the folder is not there', 'no/such/file', {}, 'E_FILE', /the folder ".*no\/such" does not exist/],
    ['it is a folder', 'sub', {}, 'E_FILE', /"\S+sub": it is a folder/],
    ['it is a link to a folder', 'sublink', {}, 'E_FILE', /it is a folder/],
    ['the owner is not known', 'file', { owner: 'no-such-user' }, 'E_FILE', /cannot set the owner.*unchanged/],
    ['the group is not known', 'file', { group: 'no-such-group' }, 'E_FILE', /cannot set the owner.*unchanged/],
    ['the mode is none', 'file', { mode: 'rwx-' }, 'E_FILE', /cannot set the mode.*unchanged/],
  ] as const)('is refused when %s, and nothing is left behind', async (_, name, more, code, message) => {
    mkdirSync(join(folder, 'sub'));
    symlinkSync(join(folder, 'sub'), join(folder, 'sublink'));
    writeFileSync(join(folder, 'file'), 'old');

    const [problem] = await problemsOf(put(name, 'new', more));

    expect(problem?.code).toBe(code);
    expect(problem?.message).toMatch(message);
    expect(problem?.hint).toBeTruthy();
    expect(readdirSync(folder)).toEqual(['file', 'sub', 'sublink']);
    expect(readFileSync(join(folder, 'file'), 'utf8')).toBe('old');
  });

  it('leaves the old file and no temporary one when the run is interrupted in its middle', async () => {
    writeFileSync(join(folder, 'file'), 'old');
    const stop = new AbortController();
    setTimeout(() => stop.abort(), 60);
    const step: PutStep = { do: 'put', say: '', path: join(folder, 'file'), content: Buffer.alloc(400_000_000) };

    const [problem] = await problemsOf(session.put(step, { ...PLAIN, signal: stop.signal }));

    expect(problem?.code).toBe('E_ABORTED');
    expect([readdirSync(folder), readFileSync(join(folder, 'file'), 'utf8')]).toEqual([['file'], 'old']);
  });

  it('is refused when what arrived is not what was sent', async () => {
    const broken = localSession((text) => `PATH=${folder}/bin:$PATH; export PATH; ${text}`);
    mkdirSync(join(folder, 'bin'));
    writeFileSync(join(folder, 'bin/sha256sum'), '#!/bin/sh\necho 0000  -\n', { mode: 0o755 });
    const step: PutStep = { do: 'put', say: '', path: join(folder, 'file'), content: 'x' };

    const [problem] = await problemsOf(broken.put(step, PLAIN));
    await broken.close();

    expect(problem?.message).toMatch(/checksum .*is wrong; .* is unchanged/);
    expect(readdirSync(folder)).toEqual(['bin']);
  });

  it('is checked with cksum where there is no sha256sum', async () => {
    const bin = join(folder, 'bin');
    mkdirSync(bin);
    const tools = 'cat cksum stat chmod rm mv sync df tail sh'.split(' ');
    for (const tool of tools) symlinkSync(execFileSync('which', [tool]).toString().trim(), join(bin, tool));
    const bare = localSession((text) => text.replaceAll(/PATH=\$\{PATH[^;']*/g, `PATH=${bin}`));
    const step: PutStep = { do: 'put', say: '', path: join(folder, 'file'), content: 'checked' };

    await bare.put(step, PLAIN);
    await bare.close();

    expect(readFileSync(join(folder, 'file'), 'utf8')).toBe('checked');
  });

  it.runIf(ROOT)('leaves the old file when the disk is full', async () => {
    const disk = smallDisk(64);
    if (disk === undefined) return skipped('no tmpfs may be mounted here');
    try {
      writeFileSync(join(disk.path, 'file'), 'old');
      const content = Buffer.alloc(200_000, 1);

      const [problem] = await problemsOf(put('disk/file', content));

      expect(problem?.code).toBe('E_SPACE');
      expect(problem?.message).toMatch(/needs 195K, but ".*disk" has 60K free; .* is unchanged/);
      expect([readdirSync(disk.path), readFileSync(join(disk.path, 'file'), 'utf8')]).toEqual([['file'], 'old']);
    } finally {
      disk.remove();
    }
  });

  it.runIf(ROOT)('is refused with the reason on a read-only file system', async () => {
    const disk = smallDisk(64);
    if (disk === undefined) return skipped('no tmpfs may be mounted here');
    try {
      writeFileSync(join(disk.path, 'file'), 'old');
      execFileSync('mount', ['-o', 'remount,ro', disk.path]);

      const [problem] = await problemsOf(put('disk/file', 'new'));

      expect(problem?.message).toMatch(/cannot create a file in ".*disk": .*; .* is unchanged/);
      expect(readFileSync(join(disk.path, 'file'), 'utf8')).toBe('old');
    } finally {
      disk.remove();
    }
  });
});

describe('a file that is fetched', () => {
  it.each([0, 1, 5_000_000])('has all of its %i bytes', async (size) => {
    const content = randomBytes(size);
    writeFileSync(join(folder, 'file'), content);

    expect(Buffer.from(await session.fetch(join(folder, 'file'), PLAIN)).equals(content)).toBe(true);
  });

  it('may be one that has no size, as in /proc', async () => {
    expect(Buffer.from(await session.fetch('/proc/sys/kernel/ostype', PLAIN)).toString()).toBe('Linux\n');
  });

  it.each([
    ['is not there', 'no-such', /cannot read ".*no-such" on the host: .*no-such/],
    ['is a folder', '.', /it is a folder/],
  ])('is refused when it %s', async (_, name, message) => {
    const [problem] = await problemsOf(session.fetch(join(folder, name), PLAIN));

    expect(problem?.code).toBe('E_FILE');
    expect(problem?.message).toMatch(message);
  });

  it('is refused when it is too large to be kept', async () => {
    const modest = localSession(undefined, { fetchBytes: 1000 });
    writeFileSync(join(folder, 'file'), Buffer.alloc(1001));

    const [problem] = await problemsOf(modest.fetch(join(folder, 'file'), PLAIN));
    await modest.close();

    expect(problem?.code).toBe('E_LIMIT');
    expect(existsSync(join(folder, 'file'))).toBe(true);
  });
});
