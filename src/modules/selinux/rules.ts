import { script } from '../../core/command.ts';
import type { Diff } from '../../core/module.ts';
import type { Step } from '../../core/step.ts';
import type { Refusal } from './mode.ts';
import { hasExactly, overlapping, ruleFor } from './port-rules.ts';
import { fileKey, portKey, type FileContext, type Params, type Port } from './schema.ts';
import type { Have } from './state.ts';

/** One line for `semanage import`, and what it changes. */
interface Edit {
  readonly line: string;
  readonly diff: Diff;
}

/** Why the rules of this host cannot be as wished; undefined when they can. */
export function ruleRefusal(want: Params, have: Have): Refusal | undefined {
  const taken = want.ports.find((one) => overlapping(have.ports, one) !== undefined && editPort(one, have).length > 0);
  if (taken !== undefined) {
    const other = overlapping(have.ports, taken);
    return {
      refuse: `port ${portKey(taken)} overlaps ${other?.port ?? ''} (${other?.type ?? ''}), a rule of this host`,
      hint: `take that away first: {port: ${other?.port ?? ''}, protocol: ${taken.protocol}, state: absent}`,
    };
  }
  const builtin = builtinOf(want, have);
  if (builtin !== undefined) {
    const hint = 'only rules of this host can be absent; give it another "type" in its place';
    return { refuse: `the rule for ${builtin} is part of the policy itself`, hint };
  }
  if (have.tools.includes('semanage')) return undefined;
  if (want.ports.length === 0 && editsOf(want, have).length === 0) return undefined;
  return {
    refuse: 'this host has no semanage, which alone can read and change rules for files and ports',
    hint: 'layer it first: "rpm_ostree: {packages: [policycoreutils-python-utils]}"',
  };
}

function builtinOf(want: Params, have: Have): string | undefined {
  const file = want.file_contexts.find(
    (one) => one.state === 'absent' && have.baseFiles.has(fileKey(one)) && !have.localFiles.has(fileKey(one)),
  );
  if (file !== undefined) return `"${file.path}"`;
  const { local, base } = have.ports;
  const port = want.ports.find((one) => one.state === 'absent' && hasExactly(base, one) && !hasExactly(local, one));
  return port === undefined ? undefined : `port ${portKey(port)}`;
}

/** All changes of rules as one transaction of semanage: either all hold or none, and the policy is built once. */
export function planRules(
  want: Params,
  have: Have,
): { readonly steps: readonly Step[]; readonly diff: readonly Diff[] } {
  const edits = editsOf(want, have);
  if (edits.length === 0) return { steps: [], diff: [] };
  const step: Step = {
    do: 'transaction',
    say: `change ${edits.length} ${edits.length === 1 ? 'rule' : 'rules'} of the policy`,
    command: script('printf "%s\\n" "$@" | semanage import', ...edits.map(({ line }) => line)),
    explain: ({ stderr }) => ({
      message: `semanage refuses the rules, and none was changed: ${reasonIn(stderr)}`,
      hint: 'a path below an alias of file_contexts.subs_dist is written as that file has it; "seinfo -t" lists types',
    }),
  };
  return { steps: [step], diff: edits.map(({ diff }) => diff) };
}

/** The last line of semanage is its reason, behind the name of an error of Python. */
function reasonIn(stderr: string): string {
  const lines = stderr.trim().split('\n');
  return (lines.find((line) => line.startsWith('ValueError: ')) ?? lines.at(-1) ?? '')
    .replace(/^ValueError: /, '')
    .slice(0, 300);
}

function editsOf(want: Params, have: Have): readonly Edit[] {
  return [
    ...want.file_contexts.flatMap((one) => editFile(one, have)),
    ...want.ports.flatMap((one) => editPort(one, have)),
  ];
}

const LETTERS = { any: 'a', file: 'f', folder: 'd', link: 'l', socket: 's', pipe: 'p', block: 'b', char: 'c' };

function editFile(wish: FileContext, have: Have): readonly Edit[] {
  const key = fileKey(wish);
  const local = have.localFiles.get(key);
  const base = have.baseFiles.get(key);
  const label = `label of ${key}`;
  const tail = `-f ${LETTERS[wish.files]}`;
  const before = local ?? base;
  if (wish.state === 'absent') {
    if (local === undefined) return [];
    const diff = { label, before: `${local}\n`, after: base === undefined ? '' : `${base}\n` };
    return [{ line: `fcontext -d ${tail} '${wish.path}'`, diff }];
  }
  const type = wish.type ?? '';
  if (before === type) return [];
  const verb = before === undefined ? '-a' : '-m';
  const diff = { label, before: before === undefined ? '' : `${before}\n`, after: `${type}\n` };
  return [{ line: `fcontext ${verb} ${tail} -t ${type} '${wish.path}'`, diff }];
}

function editPort(wish: Port, have: Have): readonly Edit[] {
  const { local, base } = have.ports;
  const key = portKey(wish);
  const label = `label of port ${key}`;
  const now = ruleFor(have.ports, wish)?.type;
  const before = now === undefined ? '' : `${now}\n`;
  const tail = `-p ${wish.protocol} ${wish.port}`;
  if (wish.state === 'absent') {
    if (!hasExactly(local, wish)) return [];
    const after = ruleFor({ local: [], base }, wish)?.type;
    return [{ line: `port -d ${tail}`, diff: { label, before, after: after === undefined ? '' : `${after}\n` } }];
  }
  const type = wish.type ?? '';
  if (now === type) return [];
  const verb = hasExactly([...local, ...base], wish) ? '-m' : '-a';
  return [{ line: `port ${verb} -t ${type} ${tail}`, diff: { label, before, after: `${type}\n` } }];
}
