import type { Answer, Answers } from '../../core/answer.ts';
import { fault } from '../../core/problem.ts';
import { readBlocks, type Block } from '../block-state.ts';
import { readReport } from '../lvm-report.ts';
import { deviceNames, profileNames, volumeNames } from './ask.ts';
import type { Params } from './schema.ts';
import { groupOf, logicalsOf, physicalOf, type Group, type LogicalVolume, type PhysicalVolume } from './state.ts';

/** What `lvm` knows of a host. */
export interface Have {
  /** Undefined when lvm shows no such group. */
  readonly group: Group | undefined;
  /** Of all groups and of none. */
  readonly pvs: readonly PhysicalVolume[];
  /** Of the group, hidden ones too. */
  readonly lvs: readonly LogicalVolume[];
  /** What is at the devices of the wish, by their paths. */
  readonly devices: ReadonlyMap<string, Block>;
  /** What is at the volumes of the wish, by their names. */
  readonly volumes: ReadonlyMap<string, Block>;
  /** Exit codes of a test run of the repair, without and with `--force`; and devices by the LVM labels on them, hidden ones too. */
  readonly repair:
    { readonly plain: number; readonly force: number; readonly labels: ReadonlyMap<string, string> } | undefined;
  /** Where profiles lie, and the text of those that are there. */
  readonly profileFolder: string;
  readonly profiles: ReadonlyMap<string, string>;
}

/** What the answers mean. Throws E_ANSWER on one that cannot be understood. */
export function read(answers: Answers, want: Params): Have {
  const { folder, texts } = readProfiles(answers['profiles'], want);
  const [group] = readReport(answers['vgs'], 'a report of volume groups').vg;
  return {
    group: group === undefined ? undefined : groupOf(group),
    pvs: readReport(answers['pvs'], 'a report of physical volumes').pv.map(physicalOf),
    lvs: logicalsOf(
      readReport(answers['lvs'], 'a report of logical volumes').lv.filter((row) => row['vg_name'] === want.vg),
    ),
    devices: blocksByName(answers['devices'], deviceNames(want), (name) => name),
    volumes: blocksByName(answers['volumes'], volumeNames(want), (name) => `/dev/${want.vg}/${name}`),
    repair: readRepair(answers['missing']),
    profileFolder: folder,
    profiles: texts,
  };
}

function blocksByName(
  answer: Answer | undefined,
  names: readonly string[],
  pathOf: (name: string) => string,
): ReadonlyMap<string, Block> {
  if (names.length === 0) return new Map();
  const blocks = readBlocks(answer, names.map(pathOf));
  return new Map(blocks.map((block, index) => [names[index] ?? '', block]));
}

function readRepair(answer: Answer | undefined): Have['repair'] {
  if (answer === undefined) return undefined;
  const [codes = '', ...lines] = answer.stdout.trimEnd().split('\n');
  const [, plain, force] = /^(\d+) (\d+)$/.exec(codes) ?? [];
  if (plain !== undefined && lines.at(-1) === 'end') {
    const labels = lines.map((line) => line.split(' ')).filter(([word]) => word === 'label');
    const byUuid = new Map(labels.map(([, uuid = '', device = '']) => [uuid, device]));
    return { plain: Number(plain), force: Number(force), labels: byUuid };
  }
  const found = `exit ${answer.code}: ${(answer.stderr || answer.stdout).trim().slice(-200)}`;
  throw fault({
    code: 'E_ANSWER',
    message: `expected the outcome of "vgreduce --test --removemissing", found ${found}`,
  });
}

function readProfiles(
  answer: Answer | undefined,
  want: Params,
): { folder: string; texts: ReadonlyMap<string, string> } {
  const texts = new Map<string, string>();
  if (profileNames(want).length === 0) return { folder: '', texts };
  const [folder = '', ...lines] = (answer?.stdout ?? '').split('\n');
  if (!folder.startsWith('/') || !lines.includes('end')) {
    const found = `exit ${answer?.code ?? 'unknown'}: ${(answer?.stderr ?? '').trim().slice(-200)}`;
    throw fault({ code: 'E_ANSWER', message: `expected the folder of lvm's profiles, found ${found}` });
  }
  let name = '';
  for (const line of lines) {
    if (line.startsWith('profile ')) name = line.slice('profile '.length);
    if (line.startsWith('text ')) texts.set(name, `${texts.get(name) ?? ''}${line.slice('text '.length)}\n`);
  }
  return { folder, texts };
}
