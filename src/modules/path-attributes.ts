import { cmd } from '../core/command.ts';
import type { Change, Diff, ModuleContext } from '../core/module.ts';
import type { Step } from '../core/step.ts';
import type { PathSeen, PathState } from './path-state.ts';

/** Mode and owner as a task wishes them; undefined leaves them as they are. */
export interface Attributes {
  readonly mode?: string | undefined;
  readonly owner?: string | undefined;
  readonly group?: string | undefined;
}

/** The steps and the diff that bring what is there to the wished mode and owner. */
export interface AttributePlan {
  readonly steps: readonly Step[];
  readonly diff: readonly Diff[];
}

/** Plans mode and owner of a path that is there. `link` means the link itself rather than what it leads to. */
export function planAttributes(
  path: string,
  want: Attributes,
  state: PathState,
  what: 'link' | 'target',
): AttributePlan {
  const is = what === 'link' ? state : state.through;
  const accounts = ownerSpec(want, is, state.wanted);
  const mode = what === 'link' ? undefined : modeToSet(want, is, accounts !== '');
  const steps: Step[] = [];
  if (accounts !== '') {
    const words = what === 'link' ? ['-h', '--', accounts, path] : ['--', accounts, path];
    steps.push({ do: 'run', say: `give ${path} to ${accounts}`, command: cmd('chown', ...words) });
  }
  // Five digits clear setuid and setgid bits of a folder too.
  if (mode !== undefined) {
    steps.push({ do: 'run', say: `set mode ${mode} of ${path}`, command: cmd('chmod', `0${mode}`, '--', path) });
  }
  const after = { mode: mode ?? is.mode, owner: want.owner ?? is.owner, group: want.group ?? is.group };
  return { steps, diff: steps.length === 0 ? [] : [{ label: path, before: line(is), after: line(after) }] };
}

/** The mode to set, if any. Chown drops the setuid and setgid bits of a file, which must then be set again. */
function modeToSet(want: Attributes, is: PathSeen, isGivenAway: boolean): string | undefined {
  const mode = want.mode ?? is.mode;
  const dropsBits = isGivenAway && is.type === 'file' && !mode.startsWith('0');
  return mode !== is.mode || dropsBits ? mode : undefined;
}

/** What `chown` gets: `owner:group`, `owner`, `:group`, or nothing when both are right. */
function ownerSpec(want: Attributes, is: PathSeen, numbers: PathState['wanted']): string {
  const owner = want.owner !== undefined && numbers.uid !== is.uid ? want.owner : '';
  const group = want.group !== undefined && numbers.gid !== is.gid ? want.group : '';
  return group === '' ? owner : `${owner}:${group}`;
}

function line(one: { readonly mode: string; readonly owner: string; readonly group: string }): string {
  return `mode ${one.mode}, owner ${one.owner}, group ${one.group}\n`;
}

/**
 * The refusal when the host has no such owner or group; under `--check` an earlier task may still make them, so it is only
 * a note there.
 */
export function unknownAccount(
  want: Attributes,
  state: PathState,
  context: ModuleContext,
): { readonly refusal: Change | undefined; readonly notes: readonly string[] } {
  const missing = [
    ...(want.owner !== undefined && state.wanted.uid === undefined ? [`no user "${want.owner}"`] : []),
    ...(want.group !== undefined && state.wanted.gid === undefined ? [`no group "${want.group}"`] : []),
  ];
  if (missing.length === 0) return { refusal: undefined, notes: [] };
  const text = `the host has ${missing.join(' and ')}`;
  if (context.check) return { refusal: undefined, notes: [text] };
  return { refusal: { refuse: text, hint: 'make the account first, or write its number' }, notes: [] };
}

/** The refusal when a path cannot be made or replaced because its folder is none, is read-only, or belongs to others. */
export function closedFolder(path: string, state: PathState, context: ModuleContext): Change | undefined {
  if (state.blocked !== '') return { refuse: `"${path}" cannot be made: "${state.blocked}" is not a folder` };
  if (state.closed === '') return undefined;
  const isImage = context.facts.os.image_based && (path.startsWith('/usr/') || state.closed === '/');
  return {
    refuse: `"${path}" cannot be made, replaced or removed: the folder "${state.closed}" is not writable`,
    hint: isImage
      ? 'on this host it belongs to the image: use /etc or /var, or layer a package'
      : 'add "become: true" to the task; if it is there already, the file system is read-only',
  };
}

/** A note where the folder of a path to be written is missing, which an earlier task may make first. */
export function missingFolder(path: string, state: PathState): readonly string[] {
  const folder = path.slice(0, path.lastIndexOf('/')) || '/';
  return state.above === '' || state.above === folder ? [] : [`the folder ${folder} is not there yet`];
}
