import type { Call } from '../calls.ts';
import type { Machine } from '../machine.ts';
import { select, showLine } from '../model/journal.ts';
import { unitName } from '../model/units.ts';
import { readWords, type Words } from '../words.ts';
import { hostnameOf } from './names.ts';

const FLAGS = [
  '--no-pager',
  '-q --quiet',
  '-e',
  '-x',
  '-r --reverse',
  '-a --all',
  '-k',
  '--no-hostname',
  '--utc',
  '--list-boots',
  '-m',
];
const VALUES = [
  '-u --unit',
  '-t --identifier',
  '-o --output',
  '-n --lines',
  '-p --priority',
  '-S --since',
  '-U --until',
  '-g --grep',
  '--output-fields',
  '-c --cursor',
  '--after-cursor',
];

/** journalctl over the model's journal: units, boots, priorities, formats `short cat json`. */
export function journalctl(call: Call, machine: Machine): number {
  const words = readWords(bootAsOption(call.args), { flags: FLAGS, values: [...VALUES, '--boot'] });
  if (words.unknown !== undefined) {
    call.err(`journalctl: unrecognized option '${words.unknown}'\n`);
    return 1;
  }
  const boot = bootOf(words);
  if (boot !== undefined && machine.boots + boot < 0) {
    call.err(`No journal boot entry found for the specified boot (${boot}).\n`);
    return 1;
  }
  const found = select(
    machine.journal,
    {
      units: words.all('-u').map(unitName),
      idents: words.all('-t'),
      boot,
      last: words.has('-n') ? Number(words.last('-n')) : undefined,
      priority: priorityOf(words.last('-p')),
      since: sinceOf(words.last('-S')),
    },
    machine.boots,
  );
  const lines = found.map((line) => showLine(line, words.last('-o') ?? 'short', hostnameOf(machine), machine.bootId));
  if (lines.length === 0 && !words.has('-q')) call.out('-- No entries --\n');
  call.out(lines.map((line) => `${line}\n`).join(''));
  return 0;
}

/** `-b` may stand alone or before its number; one spelling for the reader of words. */
function bootAsOption(args: readonly string[]): readonly string[] {
  return args.flatMap((word, at) => {
    const before = args[at - 1];
    if ((before === '-b' || before === '--boot') && /^-?\d+$/.test(word)) return [];
    if (word === '-b' || word === '--boot')
      return [`--boot=${/^-?\d+$/.test(args[at + 1] ?? '') ? (args[at + 1] ?? '0') : '0'}`];
    return /^-b-?\d+$/.test(word) ? [`--boot=${word.slice(2)}`] : [word];
  });
}

function bootOf(words: Words): number | undefined {
  const text = words.last('--boot');
  return text === undefined ? undefined : Number(text);
}

const PRIORITIES = ['emerg', 'alert', 'crit', 'err', 'warning', 'notice', 'info', 'debug'];

function priorityOf(text: string | undefined): number | undefined {
  if (text === undefined) return undefined;
  return /^\d$/.test(text) ? Number(text) : PRIORITIES.indexOf(text);
}

function sinceOf(text: string | undefined): number | undefined {
  if (text === undefined) return undefined;
  return text.startsWith('@') ? Number(text.slice(1)) * 1000 : Date.parse(text.includes('Z') ? text : `${text}Z`);
}
