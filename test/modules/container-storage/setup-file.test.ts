import { execFileSync } from 'node:child_process';
import { existsSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, describe, expect, it } from 'vitest';
import { findModule } from '../../../src/modules/index.ts';
import { mapperPath, readStorageFile, setupText } from '../../../src/modules/container-storage/setup-file.ts';
import type { Params } from '../../../src/modules/container-storage/schema.ts';

const folder = mkdtempSync(join(tmpdir(), 'copse-setup-'));
afterAll(() => rmSync(folder, { recursive: true, force: true }));
const shared = new URL('../../../../shared/fixtures/', import.meta.url).pathname;

describe('the settings of container-storage-setup', () => {
  it('mean in a shell what the task says', () => {
    const want = findModule('container_storage')!.params.parse({
      driver: 'devicemapper',
      setup: {
        devs: ['/dev/vdb', '/dev/disk/by-id/virtio-c'],
        vg: 'vg-docker',
        data_size: '60%FREE',
        autoextend: { threshold: 70, percent: 20 },
        wipe_signatures: false,
        root_volume: { name: 'docker-root', path: '/var/lib/docker' },
      },
      options: { 'dm.min_free_space': '10%', 'dm.basesize': '20G' },
    }) as Params;
    const file = join(folder, 'setup');
    writeFileSync(file, setupText(want, want.setup!));

    const names =
      'STORAGE_DRIVER DEVS VG DATA_SIZE AUTO_EXTEND_POOL POOL_AUTOEXTEND_THRESHOLD WIPE_SIGNATURES CONTAINER_ROOT_LV_NAME CONTAINER_ROOT_LV_MOUNT_PATH CHUNK_SIZE EXTRA_STORAGE_OPTIONS';
    const script = `. "$1"; for n in ${names}; do eval "printf '%s|' \\"\\$$n\\""; done`;

    expect(execFileSync('sh', ['-c', script, 'x', file], { encoding: 'utf8', env: {} }).split('|')).toEqual([
      'devicemapper',
      '/dev/vdb /dev/disk/by-id/virtio-c',
      'vg-docker',
      '60%FREE',
      'yes',
      '70',
      'false',
      'docker-root',
      '/var/lib/docker',
      '',
      '--storage-opt dm.min_free_space=10% --storage-opt dm.basesize=20G',
      '',
    ]);
  });
});

describe('what docker is started with', () => {
  it.each([
    ['DOCKER_STORAGE_OPTIONS="--storage-driver overlay2 "\n', 'overlay2', {}],
    ["# x\nDOCKER_STORAGE_OPTIONS='-s overlay'\n", 'overlay', {}],
    ['DOCKER_STORAGE_OPTIONS=--storage-driver=overlay2\n', 'overlay2', {}],
    ['DOCKER_STORAGE_OPTIONS="--storage-opt=dm.fs=xfs --storage-opt dm.x=a=b"', '', { 'dm.fs': 'xfs', 'dm.x': 'a=b' }],
  ])('is read from %j', (text, driver, options) => {
    const found = readStorageFile(text);

    expect([found?.driver, Object.fromEntries(found?.options ?? [])]).toEqual([driver, options]);
  });

  it.each(['', '# nothing\n', 'DOCKER_STORAGE_OPTIONS=\n', 'DOCKER_STORAGE_OPTIONS=""\n'])(
    'is nothing in %j',
    (text) => {
      expect(readStorageFile(text)).toBeUndefined();
    },
  );

  it.skipIf(!existsSync(shared))('is read from the file of an Atomic Host', () => {
    const text = readFileSync(join(shared, 'lvm/reference-only/insights-etc-sysconfig-docker-storage.txt'), 'utf8');

    expect(readStorageFile(text)?.options.get('dm.thinpooldev')).toBe(mapperPath('dockervg', 'docker-pool'));
  });

  it('is given the name that device-mapper gives a pool', () => {
    expect(mapperPath('vg-docker', 'docker-pool')).toBe('/dev/mapper/vg--docker-docker--pool');
  });
});

describe.skipIf(!existsSync(shared))('docker 26, as it was captured', () => {
  it('tells its driver and version', () => {
    const file = join(shared, 'podman/docker-26.1.5/137-docker-info.json');
    const { stdout } = JSON.parse(readFileSync(file, 'utf8')) as { stdout: string };
    const text = `unit Id=docker.service\nunit LoadState=loaded\nunit ActiveState=active\nversion Docker version 26.1.5+dfsg1, build x\ninfo ${stdout.trim()}\nend\n`;
    const answer = { code: 0, stdout: text, stderr: '', bytes: new Uint8Array() };
    const module = findModule('container_storage')!;
    const want = module.params.parse({ driver: 'overlay2' });

    const have = module.read({ docker: answer, lvs: { ...answer, code: 127 } }, want, {} as never);

    expect(have).toMatchObject({
      isActive: true,
      version: '26.1.5',
      runtime: { driver: 'overlay2', isLoopback: false, pool: '' },
    });
  });
});
