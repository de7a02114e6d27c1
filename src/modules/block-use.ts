import { script } from '../core/command.ts';
import type { Explain, Step } from '../core/step.ts';
import type { Block, BlockNode, Signature } from './block-state.ts';

type Device = Extract<Block, { is: 'block' }>;

/** Who uses a device or one of its partitions, in words: empty when nobody does. */
export function usesOf({ self, parts }: Device): readonly string[] {
  return [...usesOfNode(self), ...parts.flatMap((part) => usesOfNode(part).map((use) => `${part.real} is ${use}`))];
}

/** Who uses this one device, partitions aside. */
export function usesOfNode(node: BlockNode): readonly string[] {
  return [
    ...node.mounts.map(({ target }) => `mounted on ${target}`),
    ...(node.isSwap ? ['used as swap'] : []),
    ...node.holders.map((holder) => `held by ${holder}`),
  ];
}

/** What is on a device, in words: `gpt`, `xfs`, `partition /dev/vdb1 (ext4)`; empty when nothing is recognized. */
export function contentsOf({ self, parts }: Device): readonly string[] {
  const own = [...new Set(self.signatures.map(({ type }) => type))];
  const unnamed = own.length === 0 && !isBlank(self) ? [self.probe['TYPE'] ?? self.probe['PTTYPE'] ?? 'unknown'] : [];
  const inside = parts.map(({ real, signatures }) => {
    const types = [...new Set(signatures.map(({ type }) => type))].join(', ');
    return `partition ${real} (${types === '' ? 'empty' : types})`;
  });
  return [...own, ...unnamed, ...inside];
}

/** True where neither tool recognizes anything. Of a partition blkid tells its place in the table, with exit 0. */
export function isBlank({ signatures, probe, probeCode }: BlockNode): boolean {
  const isNamed = probe['TYPE'] !== undefined || probe['PTTYPE'] !== undefined;
  return signatures.length === 0 && !isNamed && (probeCode === 2 || probeCode === 0);
}

/** UUID of the LVM label on a device; undefined when there is none. */
export function lvmLabelOf(node: BlockNode): string | undefined {
  return node.signatures.find(({ type }) => type === 'LVM2_member')?.uuid;
}

// Nothing is wiped but what was shown when the step was planned: a disk may have another name since, or other content.
const WIPE = `d=$1 seen=$2
shift 2
now=$(for x in "$d" "$@"; do wipefs -p -- "$x" | grep '^0x'; done)
[ "$now" = "$seen" ] || { printf 'found:\\n%s\\n' "$now" >&2; exit 75; }
for p do wipefs -a -- "$p" || exit; done
wipefs -a -- "$d" || exit
[ $# -eq 0 ] || blockdev --rereadpt "$d" || exit
if command -v udevadm >/dev/null 2>&1; then udevadm settle --timeout=30; fi
exit 0
`;

/**
 * Erases every signature of a device and of its partitions. The caller has made sure that nobody uses it. `unlabelled` are
 * partitions that an earlier step takes the label of lvm from.
 */
export function wipeStep(path: string, device: Device, unlabelled: readonly string[] = []): Step {
  const { self, parts } = device;
  const left = (node: BlockNode): readonly Signature[] =>
    node.signatures.filter(({ type }) => !(type === 'LVM2_member' && unlabelled.includes(node.real)));
  const seen = [self, ...parts].flatMap((node) => left(node).map(({ raw }) => raw)).join('\n');
  return {
    do: 'run',
    say: `erase ${contentsOf(device).join(', ')} from ${path}`,
    command: script(WIPE, path, seen, ...parts.map(({ real }) => real)),
    destroys: [path],
    explain: explainWipe(path),
  };
}

function explainWipe(path: string): Explain {
  return ({ code, stderr }) => {
    if (code !== 75) return undefined;
    return {
      message: `what is on ${path} is not what was there when the task was planned; nothing was erased. ${stderr.trim().slice(0, 300)}`,
      hint: 'run the task again and look at what it shows',
    };
  };
}
