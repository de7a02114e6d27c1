import type { ProblemCode } from '../../core/codes.ts';
import type { Explain } from '../../core/step.ts';

interface Reason {
  /** LVM has one exit code for nearly everything; its words only choose what to say beside them. */
  readonly sign: RegExp;
  readonly code: ProblemCode;
  readonly hint: string;
}

const REASONS: readonly Reason[] = [
  {
    sign: /insufficient (?:free|suitable)|insufficient allocatable|not enough (?:free )?(?:space|extents)/i,
    code: 'E_SPACE',
    hint: 'somebody took space since the task was planned; run it again, or add a disk to "pvs"',
  },
  {
    sign: /giving up waiting for lock|can't get lock/i,
    code: 'E_BUSY',
    hint: 'another LVM command holds the group: "ps -C lvm,pvmove,lvcreate -f" on the host; run the task again later',
  },
  {
    sign: /filesystem in use|still in use|is used by another device|open exclusively|in use/i,
    code: 'E_BUSY',
    hint: 'something on the host uses it: "lsblk" and "fuser -vm DEVICE" tell what',
  },
  {
    sign: /excluded by a filter|rejected by filter|not in devices file/i,
    code: 'E_COMMAND',
    hint: '"lvmconfig --type full devices/filter devices/global_filter devices/use_devicesfile" on the host shows what hides it',
  },
  {
    sign: /while PVs are missing|partial (?:LV|VG|mode)/i,
    code: 'E_COMMAND',
    hint: 'a disk of the group is gone: see "missing_pvs"',
  },
  {
    sign: /stat failed|metadata profile/i,
    code: 'E_COMMAND',
    hint: 'the profile lies in the folder that "lvmconfig --type full config/profile_dir" names',
  },
];

/** Adds to what lvm said what to do next. */
export const explain: Explain = ({ code, stdout, stderr }) => {
  const said = (stderr.trim() || stdout.trim()).split('\n').map((line) => line.trim());
  const text = said.filter((line) => line !== '' && !line.startsWith('WARNING:')).slice(-3);
  const found = REASONS.find(({ sign }) => sign.test(said.join('\n')));
  if (found === undefined || text.length === 0) return undefined;
  return {
    code: found.code,
    message: `lvm says (exit ${code ?? 'unknown'}): ${text.join(' | ').slice(0, 400)}`,
    hint: found.hint,
  };
};
