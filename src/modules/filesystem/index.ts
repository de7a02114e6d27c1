import { script } from '../../core/command.ts';
import type { Questions } from '../../core/answer.ts';
import type { Json } from '../../core/json.ts';
import { defineModule } from '../../core/module.ts';
import { askBlocks } from '../block-script.ts';
import { readBlocks } from '../block-state.ts';
import { contentsOf } from '../block-use.ts';
import { fileSystemSize } from '../file-system-size.ts';
import { plan, type Have } from './plan.ts';
import { Params } from './schema.ts';

/** The file system on a device. */
export const filesystem = defineModule<Params, Have>({
  name: 'filesystem',
  summary: 'Makes, labels and grows the file system on a device.',
  notes: [
    'A device that carries what is wished is left alone, whatever "options" say. An empty one gets a file system. Anything else on it is replaced only when the task names the device: allow_destroy: [/dev/vdb], and only when the kernel says that nobody uses it.',
    'What is erased is compared with what was seen when the task was planned. Members of volume groups are the business of lvm.',
    'A file system grows while it is mounted, also where the first mount point is read-only as /sysroot is. Nothing shrinks.',
  ],
  kind: 'state',
  params: Params,
  returns: {
    device: { type: 'string', description: 'the device, links resolved; empty when it is not there' },
    type: { type: 'string', description: 'kind of file system, empty when there is none' },
    label: { type: 'string', description: 'its label, empty when it has none' },
    uuid: { type: 'string', description: 'its UUID, empty when it has none' },
    contents: { type: 'list', description: 'everything that is recognized on the device' },
    size: { type: 'int', description: 'bytes of the device' },
    fs_size: { type: 'int', description: 'bytes of an ext, xfs or btrfs file system, 0 for others' },
    mounted: { type: 'list', description: 'where it is mounted' },
  },
  examples: [
    '- filesystem: {device: /dev/data/app, type: xfs, label: app}\n  become: true',
    '- name: the data disk has an ext4 without space for root only\n  filesystem: {device: /dev/disk/by-id/virtio-data, type: ext4, options: [-m, "0"]}',
    '- name: the root file system uses its whole partition\n  filesystem: {device: /dev/vda4, type: xfs, grow: true}',
    '- name: the disk is empty again, partition table and all\n  filesystem: {device: /dev/vdb, state: absent}\n  allow_destroy: [/dev/vdb]',
  ],
  probe: (want): Questions => ({
    device: askBlocks([want.device]),
    ...(want.type === undefined ? {} : { tool: script('command -v "mkfs.$1" >/dev/null 2>&1', want.type) }),
  }),
  read: (answers, want) => {
    const [block = { is: 'absent' as const }] = readBlocks(answers['device'], [want.device]);
    return { block, hasTool: (answers['tool']?.code ?? 0) === 0 };
  },
  plan,
  result: (_want, have) => result(have),
});

function result({ block }: Have): Readonly<Record<string, Json>> {
  if (block.is !== 'block') {
    return { device: '', type: '', label: '', uuid: '', contents: [], size: 0, fs_size: 0, mounted: [] };
  }
  const { self } = block;
  return {
    device: self.real,
    type: self.probe['TYPE'] ?? '',
    label: self.probe['LABEL'] ?? '',
    uuid: self.probe['UUID'] ?? '',
    contents: [...contentsOf(block)],
    size: self.bytes,
    fs_size: fileSystemSize(self)?.bytes ?? 0,
    mounted: self.mounts.map(({ target }) => target),
  };
}
