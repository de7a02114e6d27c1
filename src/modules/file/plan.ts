import { cmd, script } from '../../core/command.ts';
import type { Change, Diff, ModuleContext } from '../../core/module.ts';
import type { Step } from '../../core/step.ts';
import { closedFolder, missingFolder, planAttributes, unknownAccount } from '../path-attributes.ts';
import type { Params } from './schema.ts';
import { foreignTests, type Have } from './state.ts';

/** The steps from what is at a path to what is wished there. */
export function plan(want: Params, have: Have, context: ModuleContext): Change {
  const { refusal, notes } = unknownAccount(want, have.path, context);
  if (refusal !== undefined) return refusal;
  const change = planState(want, have, context);
  const closed = makesOrRemoves(have, change) ? closedFolder(want.path, have.path, context) : undefined;
  if (closed !== undefined) return closed;
  if ('refuse' in change) return change;
  const steps = change.steps.map((step) => ({ ...step, touches: [want.path] }));
  return { ...change, steps, ...(notes.length === 0 ? {} : { notes: [...(change.notes ?? []), ...notes] }) };
}

/** True where an entry of the folder above changes, rather than only what is below or the attributes. */
function makesOrRemoves(have: Have, change: Change): boolean {
  if ('refuse' in change || change.steps.length === 0) return false;
  const isMade = have.path.through.type === 'absent';
  return isMade || change.steps.some((step) => step.do === 'run' && /^(?:rm|rmdir|ln)$/.test(step.command.argv[0]));
}

function planState(want: Params, have: Have, context: ModuleContext): Change {
  switch (want.state) {
    case 'absent':
      return planAbsent(want, have);
    case 'link':
      return planLink(want, have);
    case 'directory':
      return planDirectory(want, have);
    case 'touch':
      return planTouch(want, have);
    case 'file':
    case undefined:
      return planExisting(want, have, context);
  }
}

function planAbsent({ path }: Params, have: Have): Change {
  if (have.path.type === 'absent') return { steps: [] };
  const [mount] = have.mounts;
  if (mount !== undefined) {
    const refuse = `"${path}" is not removed: something is mounted on "${mount}"`;
    return { refuse, hint: 'unmount it first', code: 'E_DESTROY' };
  }
  return { steps: [removeStep(path, have)], diff: [changeOf(path, describe(have), 'absent')] };
}

function removeStep(path: string, have: Have): Step {
  if (have.path.type !== 'directory') return { do: 'run', say: `remove ${path}`, command: cmd('rm', '-f', '--', path) };
  if (!have.filled) return { do: 'run', say: `remove the empty folder ${path}`, command: cmd('rmdir', '--', path) };
  const say = `remove the folder ${path} and everything in it`;
  return { do: 'run', say, command: cmd('rm', '-rf', '--', path), destroys: [path] };
}

function planLink(want: Params, have: Have): Change {
  const { path, src = '' } = want;
  const { type, target } = have.path;
  if (type === 'link' && target === src) return planAttributes(path, want, have.path, 'link');
  if (type !== 'link' && type !== 'absent') {
    if (!want.force) return inTheWay(want, have, 'add "force: true" to replace it');
    if (type === 'directory' && (have.filled || have.mounts.length > 0)) {
      return inTheWay(want, have, 'it is not empty: remove it with a task of its own');
    }
  }
  const clear = type === 'directory' ? [removeStep(path, have)] : [];
  // Coreutils puts a link in the place of another path by a rename: there is no moment without it.
  const make: Step = { do: 'run', say: `link ${path} to ${src}`, command: cmd('ln', '-sfn', '--', src, path) };
  const diff = [changeOf(path, describe(have), `link to ${src}`)];
  return { steps: [...clear, make, ...giveNew(want, '-h')], diff, notes: missingFolder(path, have.path) };
}

function planDirectory(want: Params, have: Have): Change {
  const { path, mode } = want;
  const { type } = have.path.through;
  if (type === 'directory') {
    const attributes = planAttributes(path, want, have.path, 'target');
    return withStrays(want, have, attributes.steps, attributes.diff);
  }
  if (have.path.type !== 'absent') return inTheWay(want, have, 'remove it with a task of its own');
  // A folder takes a setgid bit from the one above it; a mode of five digits clears it.
  const command =
    mode === undefined
      ? cmd('mkdir', '-p', '-m', '0755', '--', path)
      : script('mkdir -p -m "$2" -- "$1" && chmod "0$2" -- "$1"', path, mode);
  const make: Step = { do: 'run', say: `make the folder ${path}`, command };
  return { steps: [make, ...giveNew(want)], diff: [changeOf(path, 'absent', 'directory')] };
}

function withStrays(want: Params, have: Have, steps: readonly Step[], diff: readonly Diff[]): Change {
  if (have.strays.length === 0) return { steps, diff };
  const below: Step[] = [];
  const owner = want.group === undefined ? want.owner : `${want.owner ?? ''}:${want.group}`;
  const find = (...tests: readonly string[]): ReturnType<typeof cmd> =>
    cmd('find', `${want.path}/.`, '-xdev', ...tests, '{}', '+');
  if (owner !== undefined) {
    const say = `give everything below ${want.path} to ${owner}`;
    below.push({ do: 'run', say, command: find('(', ...foreignTests(want), ')', '-exec', 'chown', '-h', '--', owner) });
  }
  for (const [type, mode, word] of [
    ['d', want.mode, 'folders'],
    ['f', want.file_mode, 'files'],
  ] as const) {
    if (mode === undefined) continue;
    const say = `set mode ${mode} of all ${word} below ${want.path}`;
    below.push({
      do: 'run',
      say,
      command: find('-type', type, '!', '-perm', mode, '-exec', 'chmod', `0${mode}`, '--'),
    });
  }
  const shown = have.strays.map((stray) => changeOf(stray, 'owner or mode differ', 'as wished'));
  return { steps: [...steps, ...below], diff: [...diff, ...shown] };
}

function planTouch(want: Params, have: Have): Change {
  const { path, mode = '0644', owner, group } = want;
  if (have.path.through.type !== 'absent') return planAttributes(path, want, have.path, 'target');
  if (have.path.type === 'link') return inTheWay(want, have, 'it is a link that leads nowhere');
  const accounts = { ...(owner === undefined ? {} : { owner }), ...(group === undefined ? {} : { group }) };
  const step: Step = { do: 'put', say: `make the empty file ${path}`, path, content: '', mode, ...accounts };
  return { steps: [step], diff: [changeOf(path, 'absent', 'file')], notes: missingFolder(path, have.path) };
}

function planExisting(want: Params, have: Have, context: ModuleContext): Change {
  const { type } = have.path.through;
  if (want.state === 'file' && type !== 'absent' && type !== 'file')
    return inTheWay(want, have, 'expected a file there');
  if (type !== 'absent') return planAttributes(want.path, want, have.path, 'target');
  const text = `"${want.path}" does not exist`;
  if (context.check) return { steps: [], notes: [`${text} yet`] };
  return { refuse: text, hint: 'write "state: directory" or "state: touch" to make it, or use copy' };
}

function inTheWay(want: Params, have: Have, hint: string): Change {
  const { type } = have.path.type === 'link' ? have.path : have.path.through;
  const what =
    type === 'other' ? 'something that is neither a file nor a folder' : `a ${type === 'directory' ? 'folder' : type}`;
  return { refuse: `"${want.path}" is ${what}, expected ${want.state ?? 'a path'}`, hint };
}

function giveNew(want: Params, ...flags: readonly string[]): Step[] {
  if (want.owner === undefined && want.group === undefined) return [];
  const accounts = want.group === undefined ? (want.owner ?? '') : `${want.owner ?? ''}:${want.group}`;
  return [
    { do: 'run', say: `give ${want.path} to ${accounts}`, command: cmd('chown', ...flags, '--', accounts, want.path) },
  ];
}

function describe(have: Have): string {
  return have.path.type === 'link' ? `link to ${have.path.target}` : have.path.type;
}

function changeOf(label: string, before: string, after: string): Diff {
  return { label, before: `${before}\n`, after: `${after}\n` };
}
