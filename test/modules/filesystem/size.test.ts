import { execFileSync, spawnSync } from 'node:child_process';
import { closeSync, ftruncateSync, mkdtempSync, openSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, describe, expect, it } from 'vitest';
import { readBlocks, type BlockNode } from '../../../src/modules/block-state.ts';
import { fileSystemSize, isShorterThanDevice } from '../../../src/modules/file-system-size.ts';

const folder = mkdtempSync(join(tmpdir(), 'copse-size-'));
afterAll(() => rmSync(folder, { recursive: true, force: true }));

const MIB = 1024 ** 2;
const hasTools = ['mkfs.ext4', 'resize2fs'].every((tool) => spawnSync(tool, ['-V']).error === undefined);

function node(lines: string): BlockNode {
  const stdout = `dev\nreal /dev/x\nnode 8:0\nro 0\nio 0 0 0\nwipefs 0\nblkid 0\n${lines}end\n`;
  const [block] = readBlocks({ code: 0, stdout, stderr: '', bytes: new Uint8Array() }, ['/dev/x']);
  if (block?.is !== 'block') throw new Error('no block');
  return block.self;
}

/** An image as the script of the modules would describe it: its length, and the first bytes of its superblock. */
function image(path: string, bytes: number): BlockNode {
  const superblock = readFileSync(path)
    .subarray(1024, 1024 + 344)
    .toString('hex');
  return node(`sectors ${bytes / 512}\nprobe TYPE=ext4\nsuper ${superblock}\n`);
}

function lengthen(path: string, bytes: number): void {
  const file = openSync(path, 'a');
  ftruncateSync(file, bytes);
  closeSync(file);
}

describe.skipIf(!hasTools)('a real ext4', () => {
  it.each([
    [16, ['-b', '1024']],
    [64, []],
    [100, ['-b', '4096', '-m', '0']],
    [300, ['-O', '^64bit']],
    [132, ['-b', '4096', '-O', '^resize_inode']],
  ])(
    'of %i MiB made with %j covers its device, and after the device grew until it is resized again',
    (mib, options) => {
      const path = join(folder, `ext4-${mib}`);
      lengthen(path, mib * MIB);
      execFileSync('mkfs.ext4', ['-q', '-F', ...options, path]);

      const made = image(path, mib * MIB);
      lengthen(path, 2 * mib * MIB);
      const before = image(path, 2 * mib * MIB);
      execFileSync('resize2fs', [path], { stdio: 'ignore' });
      const after = image(path, 2 * mib * MIB);

      expect([made, before, after].map(isShorterThanDevice)).toEqual([false, true, false]);
      expect(fileSystemSize(made)?.bytes).toBe(mib * MIB);
    },
  );

  it.each([1, 2, 3, 5, 8, 13, 21])('is not asked to grow by %i MiB when its tool leaves them over', (more) => {
    const path = join(folder, `tail-${more}`);
    lengthen(path, 256 * MIB);
    execFileSync('mkfs.ext4', ['-q', '-F', '-b', '4096', path]);
    lengthen(path, (256 + more) * MIB);
    execFileSync('resize2fs', [path], { stdio: 'ignore' });

    expect(isShorterThanDevice(image(path, (256 + more) * MIB))).toBe(false);
  });
});

describe('sizes of other file systems', () => {
  it('counts what a mounted xfs says of itself, and its superblock only when nothing is mounted', () => {
    const superblock = `58465342${(4096).toString(16).padStart(8, '0')}${(25_600).toString(16).padStart(16, '0')}`;
    const info = 'meta-data=/dev/x isize=512 data     =                       bsize=4096   blocks=51200, imaxpct=25';
    const mounted = `mnt 1 0 8:0 / /x rw - xfs /dev/x rw\n`;

    const offline = node(`sectors 1\nprobe TYPE=xfs\nsuper ${superblock}\n`);
    const online = readBlocks(
      {
        code: 0,
        stdout: `${mounted}dev\nreal /dev/x\nnode 8:0\nsectors 1\nprobe TYPE=xfs\nsuper ${superblock}\nxfs ${info}\nend\n`,
        stderr: '',
        bytes: new Uint8Array(),
      },
      ['/dev/x'],
    );

    expect(fileSystemSize(offline)?.bytes).toBe(25_600 * 4096);
    expect(online.map((block) => (block.is === 'block' ? fileSystemSize(block.self)?.bytes : 0))).toEqual([
      51_200 * 4096,
    ]);
  });

  it('reads the share of its device from a btrfs', () => {
    const block = Buffer.alloc(224);
    block.write('_BHRfS_M', 0x40, 'latin1');
    block.writeBigUInt64LE(3n * 1024n ** 3n, 0xd1);

    expect(fileSystemSize(node(`sectors 1\nprobe TYPE=btrfs\nsuper ${block.toString('hex')}\n`))?.bytes).toBe(
      3 * 1024 ** 3,
    );
  });

  it.each([
    ['vfat', ''],
    ['ext4', 'super 00\n'],
    ['btrfs', ''],
    ['xfs', 'super 00000000\n'],
  ])('knows no size of %s without a superblock it understands', (type, lines) => {
    const found = node(`sectors 1000\nprobe TYPE=${type}\n${lines}`);

    expect([fileSystemSize(found), isShorterThanDevice(found)]).toEqual([undefined, false]);
  });
});
