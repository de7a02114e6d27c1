import { z } from 'zod';
import type { Answer } from '../core/answer.ts';
import { script, withOptions, type Command } from '../core/command.ts';
import { fault, type Problem } from '../core/problem.ts';

/** One row of a report: values by the names that `-o` takes, `vg_name`. */
export type Row = Readonly<Record<string, string>>;

/** What a report is about. */
export type Kind = 'vg' | 'pv' | 'lv' | 'seg' | 'pvseg';

/** The rows of a report by what they are about. */
export type Report = Readonly<Record<Kind, readonly Row[]>>;

/** An LVM command waits for ever while another one holds the lock of a group. */
const DEADLINE_MS = 60_000;

// Exit 3 is a wrong command line: before 2.02.158 (June 2016) lvm had no JSON. The other form is older than any host of ours.
const ASK = `export LC_ALL=C LVM_SUPPRESS_FD_WARNINGS=1
verb=$1 new=$2 old=$3
shift 3
lvm "$verb" --reportformat json --units b --nosuffix "$@" -o "$new"
c=$?
[ $c -eq 3 ] || exit $c
exec lvm "$verb" --nameprefixes --noheadings --units b --nosuffix "$@" -o "$old"
`;

/** A report of lvm to ask for. */
export interface ReportQuestion {
  readonly verb: 'vgs' | 'pvs' | 'lvs';
  /** Column names; those of `recent` are asked for only where lvm is new enough for JSON. */
  readonly columns: readonly string[];
  readonly recent?: readonly string[];
  readonly options?: readonly string[];
}

/** The question for one report; every number in it is bytes. */
export function askReport({ verb, columns, recent = [], options = [] }: ReportQuestion): Command {
  const command = script(ASK, verb, [...columns, ...recent].join(','), columns.join(','), ...options);
  return withOptions(command, { timeoutMs: DEADLINE_MS });
}

const Value = z.union([z.string(), z.number(), z.null(), z.array(z.string())]);
const Rows = z.array(z.record(z.string(), Value)).default([]);
const Tables = z.object({ vg: Rows, pv: Rows, lv: Rows, seg: Rows, pvseg: Rows });
const Json = z.object({ report: z.array(Tables) });

/**
 * The rows of what lvm printed, as JSON (`json` or `json_std`) or with name prefixes. Throws E_ANSWER when it is neither,
 * E_UNSUPPORTED without lvm, E_BUSY when a lock is held. Nothing found is no rows; lvm says so with exit 0.
 */
export function readReport(answer: Answer | undefined, what: string): Report {
  if (answer === undefined || answer.code !== 0) throw fault(whyNot(answer, what));
  const at = answer.stdout.search(/^\s*\{/m);
  return at < 0 ? readPrefixed(answer.stdout, what) : readJson(answer.stdout.slice(at), what);
}

function whyNot(answer: Answer | undefined, what: string): Problem {
  if (answer === undefined) return { code: 'E_ANSWER', message: `expected ${what} from lvm, found nothing` };
  if (answer.code === 127) return { code: 'E_UNSUPPORTED', message: 'the host has no lvm', hint: 'layer lvm2' };
  if (answer.code === 124) {
    const message = `expected ${what} from lvm, found no answer within ${DEADLINE_MS / 1000} seconds`;
    return {
      code: 'E_BUSY',
      message,
      hint: 'another LVM command holds the lock: "ps -C lvm,pvmove,lvcreate,dmeventd -f" on the host',
    };
  }
  const said = (answer.stderr || answer.stdout).trim().split('\n').slice(-2).join(' | ').slice(0, 300);
  return {
    code: 'E_ANSWER',
    message: `expected ${what} from lvm, found exit ${answer.code}: ${said}`,
    hint: 'lvm needs root: add "become: true" to the task',
  };
}

/** Collectors and old versions may mix warnings into the text: lines of their own, never inside a row. */
function readJson(text: string, what: string): Report {
  const lines = text.split('\n').filter((line) => /^\s*(?:["{}[\],]|$)/.test(line));
  const parsed = Json.safeParse(parseJson(lines.join('\n')));
  if (!parsed.success) {
    throw fault({
      code: 'E_ANSWER',
      message: `expected ${what} from lvm as JSON, found "${text.trim().slice(0, 80)}"`,
    });
  }
  const { report } = parsed.data;
  const all = (kind: Kind): Row[] => report.flatMap((tables) => tables[kind].map(asTexts));
  return { vg: all('vg'), pv: all('pv'), lv: all('lv'), seg: all('seg'), pvseg: all('pvseg') };
}

function parseJson(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}

function asTexts(row: Readonly<Record<string, z.infer<typeof Value>>>): Row {
  return Object.fromEntries(Object.entries(row).map(([name, value]) => [name, asText(value)]));
}

function asText(value: z.infer<typeof Value>): string {
  if (value === null) return '';
  return Array.isArray(value) ? value.join(',') : String(value);
}

/** `LVM2_VG_NAME='data' LVM2_VG_ATTR='wz--n-'`: values hold no quotes, since names and tags cannot. */
function readPrefixed(text: string, what: string): Report {
  const tables: Record<Kind, Row[]> = { vg: [], pv: [], lv: [], seg: [], pvseg: [] };
  for (const line of text.split('\n')) {
    const pairs = [...line.matchAll(/LVM2_([A-Z0-9_]+)='([^']*)'/g)];
    if (pairs.length === 0) {
      if (line.trim() === '' || !line.includes('LVM2_')) continue;
      throw fault({ code: 'E_ANSWER', message: `expected ${what} from lvm, found "${line.trim().slice(0, 80)}"` });
    }
    const row = Object.fromEntries(pairs.map(([, name = '', value = '']) => [name.toLowerCase(), value.trim()]));
    tables[kindOf(row)].push(row);
  }
  return tables;
}

/** A row is about the smallest thing it names: rows of volumes name their group too. */
function kindOf(row: Row): Kind {
  if ('lv_name' in row) return 'lv';
  return 'pv_name' in row ? 'pv' : 'vg';
}
