import { existsSync, readFileSync, readdirSync } from 'node:fs';
import { join } from 'node:path';
import type { Answer } from '../../../src/core/answer.ts';
import { problemsOf } from '../../../src/core/problem.ts';
import { explain } from '../../../src/modules/lvm/explain.ts';
import { groupOf, logicalsOf, physicalOf } from '../../../src/modules/lvm/state.ts';
import { readBlocks } from '../../../src/modules/block-state.ts';
import { readReport } from '../../../src/modules/lvm-report.ts';

/** Outputs captured on real machines; they lie beside the repository, where they are there at all. */
export const fixtures = new URL('../../../../shared/fixtures/lvm/', import.meta.url).pathname;

/** Whether the captured outputs are there. */
export const hasFixtures = existsSync(fixtures);

interface Fixture {
  readonly cmd: string;
  readonly rc: number;
  readonly stdout: string;
  readonly stderr: string;
}

/** The captured outputs of one version of lvm, by the names of their files. */
export function fixturesOf(version: string): readonly (readonly [string, Fixture])[] {
  const folder = join(fixtures, version);
  const names = readdirSync(folder).filter((name) => /^\d.*\.json$/.test(name));
  return names
    .sort()
    .map((name) => [name.replace('.json', ''), JSON.parse(readFileSync(join(folder, name), 'utf8')) as Fixture]);
}

/** What the module makes of an output: the state it reads, the problem it tells, or nothing where it never asks such a thing. */
export function understood(fixture: Fixture): unknown {
  const { cmd, rc, stdout, stderr } = fixture;
  if (cmd.includes('--reportformat json')) return reportOf(answerOf(fixture));
  if (cmd.startsWith('wipefs --json '))
    return nodeOf(`wipefs ${rc}\n${prefixed('sig', signatureLines(stdout))}blkid 2\n`);
  if (cmd.startsWith('wipefs -p ')) return nodeOf(`wipefs ${rc}\n${prefixed('sig', stdout)}blkid 2\n`);
  if (cmd.startsWith('blkid -p -o export ')) return nodeOf(`wipefs 0\nblkid ${rc}\n${prefixed('probe', stdout)}`);
  if (rc === 0 || !/^(?:pv|vg|lv)[a-z]+ /.test(cmd)) return undefined;
  return explain({ code: rc, stdout, stderr })?.code ?? 'as lvm says it';
}

/** An output as the answer to a question. */
export function answerOf({ rc, stdout, stderr }: Fixture): Answer {
  return { code: rc, stdout, stderr, bytes: new TextEncoder().encode(stdout) };
}

/** A report as lines: groups, physical volumes, volumes; or the problem. */
export function reportOf(answer: Answer): unknown {
  try {
    const { vg, pv, lv } = readReport(answer, 'a report');
    return [
      ...vg
        .map(groupOf)
        .map(
          (one) =>
            `group ${one.name} ${one.extents} x ${one.extentSize}${flags({ exported: one.isExported, partial: one.isPartial })}`,
        ),
      ...pv
        .map(physicalOf)
        .map(
          (one) =>
            `pv ${one.name} of ${one.group || 'none'} ${one.allocated}/${one.extents}${flags({ missing: one.isMissing, copy: one.isDuplicate })}`,
        ),
      ...logicalsOf(lv).map(
        (one) =>
          `${one.kind} ${one.name} ${one.bytes}${one.pool && ` in ${one.pool}`}${one.dataPercent === undefined ? '' : ` ${one.dataPercent}%`} ${one.monitor}${flags(
            {
              active: one.isActive,
              open: one.isOpen,
              skipped: one.isSkipped,
              partial: one.isPartial,
              [`health ${one.health}`]: one.health !== '',
            },
          )}`,
      ),
    ];
  } catch (error) {
    return problemsOf(error).map(({ code }) => code);
  }
}

function flags(named: Readonly<Record<string, boolean>>): string {
  return Object.entries(named)
    .flatMap(([name, isSet]) => (isSet ? [` ${name}`] : []))
    .join('');
}

function prefixed(word: string, text: string): string {
  return text
    .split('\n')
    .filter((line) => line !== '')
    .map((line) => `${word} ${line}\n`)
    .join('');
}

/** The same list of signatures in the form that every version of wipefs prints. */
function signatureLines(json: string): string {
  const { signatures } = JSON.parse(json) as {
    signatures: { offset: string; type: string; uuid: string | null; label: string | null }[];
  };
  return signatures.map(({ offset, uuid, label, type }) => `${offset},${uuid ?? ''},${label ?? ''},${type}`).join('\n');
}

function nodeOf(lines: string): unknown {
  const stdout = `dev\nreal /dev/x\nnode 8:0\nsectors 8\nro 0\nio 0 0 0\n${lines}end\n`;
  const [block] = readBlocks({ code: 0, stdout, stderr: '', bytes: new Uint8Array() }, ['/dev/x']);
  if (block?.is !== 'block') return block?.is;
  const { signatures, probe, probeCode } = block.self;
  return [
    `blkid ${probeCode} ${probe['TYPE'] ?? probe['PTTYPE'] ?? 'nothing'}`,
    ...signatures.map(({ offset, type }) => `${type} at ${offset}`),
  ];
}
