import type { Answer, Answers, Questions } from '../../core/answer.ts';
import { script } from '../../core/command.ts';
import { fault } from '../../core/problem.ts';
import { KINDS, type KindName } from './kinds.ts';

/** One zone, as `firewall-cmd --list-all` tells it. */
export interface Zone {
  readonly lists: Readonly<Record<KindName, readonly string[]>>;
  readonly masquerade: boolean;
  /** default, ACCEPT, DROP or REJECT. */
  readonly target: string;
}

/** Zones by name. */
export type Zones = ReadonlyMap<string, Zone>;

/** The way copse itself comes in. */
export interface Entry {
  readonly address: string;
  readonly port: number;
  readonly device: string;
}

/** What `firewalld` knows of a host. */
export interface Have {
  readonly tool: 'missing' | 'stopped' | 'running';
  readonly defaultZone: string;
  readonly runtime: Zones;
  readonly permanent: Zones;
  readonly entry: Entry | undefined;
}

// sudo takes SSH_CONNECTION away; what started sudo still has it.
const ASK = `export LC_ALL=C
command -v firewall-cmd >/dev/null || { echo missing; exit 0; }
d=$(firewall-cmd --get-default-zone 2>/dev/null); s=$?
[ "$s" != 252 ] || { echo stopped; exit 0; }
[ "$s" = 0 ] || exit "$s"
echo running
echo "default $d"
c=$SSH_CONNECTION p=$PPID n=0
while [ -z "$c" ] && [ "\${p:-1}" -gt 1 ] && [ "$n" -lt 12 ]; do
  c=$(tr '\\0' '\\n' 2>/dev/null <"/proc/$p/environ" | sed -n 's/^SSH_CONNECTION=//p')
  p=$(sed -n 's/^PPid:[[:blank:]]*//p' "/proc/$p/status" 2>/dev/null) n=$((n + 1))
done
if [ -n "$c" ]; then
  printf 'entry %s dev %s\\n' "$c" "$(ip -o route get "\${c%% *}" 2>/dev/null | sed -n 's/.* dev \\([^ ]*\\).*/\\1/p')"
fi
echo runtime
firewall-cmd --list-all-zones || exit
echo permanent
firewall-cmd --permanent --list-all-zones || exit
echo end`;

/** One question for everything. */
export function ask(): Questions {
  return { firewall: script(ASK) };
}

/** What the answer means. */
export function read(answers: Answers): Have {
  const answer = answers['firewall'];
  const text = answer?.stdout ?? '';
  const none = { defaultZone: '', runtime: new Map(), permanent: new Map(), entry: undefined };
  if (text === 'missing\n') return { tool: 'missing', ...none };
  if (text === 'stopped\n') return { tool: 'stopped', ...none };
  const parts = answer?.code === 0 ? /^running\n([^]*?)^runtime\n([^]*?)^permanent\n([^]*)^end\n$/m.exec(text) : null;
  if (parts === null) throw unclear(answer);
  const [, head = '', runtime = '', permanent = ''] = parts;
  const [, defaultZone = ''] = /^default (.*)$/m.exec(head) ?? [];
  return {
    tool: 'running',
    defaultZone,
    runtime: zonesOf(runtime),
    permanent: zonesOf(permanent),
    entry: entryOf(head),
  };
}

function unclear(answer: Answer | undefined): Error {
  const found = `exit ${answer?.code ?? 'nothing'}: ${(answer?.stderr ?? '').trim().slice(-200)}`;
  const message = `expected the zones of firewalld, found ${found}`;
  return fault({ code: 'E_ANSWER', message, hint: 'add "become: true": only root may ask for all of it' });
}

function entryOf(head: string): Entry | undefined {
  const [, address, port, device] = /^entry (\S+) \d+ \S+ (\d+) dev (\S+)$/m.exec(head) ?? [];
  if (address === undefined || port === undefined || device === undefined) return undefined;
  return { address: address.replace(/^::ffff:/, ''), port: Number(port), device };
}

/** Blocks that begin with a name at the margin; keys below have two blanks, further lines of a key a tab. */
function zonesOf(text: string): Zones {
  const blocks = text.split(/^(?=\S)/m).filter((block) => block.trim() !== '');
  return new Map(blocks.map((block) => [block.split(/[\s(]/, 1)[0] ?? '', zoneOf(block)]));
}

function zoneOf(block: string): Zone {
  const values = new Map<string, readonly string[]>();
  for (const [, key = '', first = '', more = ''] of block.matchAll(/^ {2}([a-z -]+): ?(.*)((?:\n\t.*)*)/gm)) {
    values.set(
      key,
      [first, ...more.split('\n')].map((line) => line.trim()).filter((line) => line !== ''),
    );
  }
  const listOf = (key: string): readonly string[] => {
    const lines = values.get(key) ?? [];
    return key === 'rich rules' ? lines : lines.flatMap((line) => line.split(/\s+/));
  };
  const entries = KINDS.map(({ name, key }) => [name, listOf(key)] as const);
  return {
    // One entry for each kind, made from the list of kinds.
    lists: Object.fromEntries(entries) as unknown as Zone['lists'],
    masquerade: values.get('masquerade')?.[0] === 'yes',
    target: (values.get('target')?.[0] ?? 'default').replaceAll('%', ''),
  };
}
