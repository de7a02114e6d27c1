import { cmd, script } from '../../core/command.ts';
import type { Change, Diff, ModuleContext } from '../../core/module.ts';
import type { Step } from '../../core/step.ts';
import { planPassword } from './password.ts';
import type { Params } from './schema.ts';
import type { Have } from './state.ts';

/** The steps from the user that is there to the one that is wished. */
export function plan(want: Params, have: Have, context: ModuleContext): Change {
  if (want.state === 'absent') return planAbsent(want, have);
  const absent = missingGroups(want, have);
  if (absent.length > 0 && !context.check) {
    const refuse = `the host has no group ${absent.map((one) => `"${one}"`).join(', ')}`;
    return { refuse, hint: 'make it first with group' };
  }
  const notes = absent.map((one) => `the host has no group "${one}" yet`);
  const password = planPassword(want, have);
  if ('refuse' in password) return password;
  const steps = [...localGroups(want, have), ...account(want, have), ...password.steps];
  if (have.present && !have.local && steps.length > 0) return foreign(want);
  return { steps, diff: steps.length === 0 ? [] : diffOf(want, have, password.steps), notes };
}

function account(want: Params, have: Have): Step[] {
  const { name } = want;
  if (!have.present) {
    return [{ do: 'run', say: `make the user ${name}`, command: cmd('useradd', ...newFields(want, have), '--', name) }];
  }
  const words = changedFields(want, have);
  if (words.length === 0) return [];
  return [{ do: 'run', say: `change the user ${name}`, command: cmd('usermod', ...words, '--', name) }];
}

function missingGroups(want: Params, have: Have): readonly string[] {
  const primary = want.group !== undefined && have.wantedGid === undefined ? [want.group] : [];
  return [...primary, ...have.missing];
}

function planAbsent(want: Params, have: Have): Change {
  const { name } = want;
  if (!have.present) return { steps: [] };
  if (!have.local) return foreign(want);
  const command = cmd('userdel', ...(want.remove ? ['-r'] : []), '--', name);
  const say = want.remove ? `remove the user ${name} and ${have.home}` : `remove the user ${name}`;
  const step: Step = { do: 'run', say, command, ...(want.remove ? { destroys: [have.home] } : {}) };
  return { steps: [step], diff: [{ label: `user ${name}`, before: describe(have), after: 'absent\n' }] };
}

function foreign({ name }: Params): Change {
  return {
    refuse: `the user "${name}" is not in /etc/passwd, so it cannot be changed`,
    hint: 'it comes from the image or a directory service: change it there, or make a user of another name',
  };
}

function newFields(want: Params, have: Have): string[] {
  const { uid, groups = [], shell, home, comment } = want;
  // useradd would make a group of the same name, and fails where it is there already.
  const group = want.group ?? (have.ownGroup ? want.name : undefined);
  return [
    ...(want.system ? ['-r'] : []),
    want.create_home ? '-m' : '-M',
    ...option('-u', uid),
    ...option('-g', group),
    ...option('-G', groups.length === 0 ? undefined : groups.join(',')),
    ...option('-s', shell),
    ...option('-d', home),
    ...option('-c', comment),
  ];
}

function changedFields(want: Params, have: Have): string[] {
  const { uid, group, shell, home, comment } = want;
  return [
    ...option('-u', uid === have.uid ? undefined : uid),
    ...option('-g', have.wantedGid === have.gid ? undefined : group),
    ...option('-G', groupsToSet(want, have)?.join(',')),
    ...option('-s', shell === have.shell ? undefined : shell),
    ...option('-d', home === have.home ? undefined : home),
    ...option('-c', comment === have.comment ? undefined : comment),
  ];
}

/** The whole list of further groups, or undefined when it is right. */
function groupsToSet({ groups, append }: Params, have: Have): readonly string[] | undefined {
  if (groups === undefined) return undefined;
  const wanted = groups.filter((one) => one !== have.group);
  const isThere = wanted.every((one) => have.groups.includes(one));
  const isExact = append || have.groups.every((one) => wanted.includes(one));
  if (isThere && isExact) return undefined;
  return append ? [...new Set([...have.groups, ...wanted])] : wanted;
}

function option(flag: string, value: string | number | undefined): string[] {
  return value === undefined ? [] : [flag, String(value)];
}

/** A group of the image gets its line into /etc/group first: shadow-utils adds members only there. */
function localGroups({ groups = [] }: Params, have: Have): Step[] {
  const wanted = groups.filter(
    (one) => have.imageOnly.includes(one) && !have.groups.includes(one) && one !== have.group,
  );
  return wanted.map((one) => ({
    do: 'run',
    say: `copy the group ${one} of the image into /etc/group`,
    command: script('l=$(getent group "$1") && printf \'%s\\n\' "$l" >>/etc/group', one),
  }));
}

function describe(have: Have): string {
  if (!have.present) return 'absent\n';
  const { uid, group, groups, home, shell, comment } = have;
  return `uid ${uid}, group ${group}, groups ${groups.join(',')}\nhome ${home}, shell ${shell}\ncomment ${comment}\n`;
}

function diffOf(want: Params, have: Have, password: readonly Step[]): readonly Diff[] {
  const groups = have.present ? (groupsToSet(want, have) ?? have.groups) : (want.groups ?? []);
  const after = describe({
    ...have,
    present: true,
    uid: want.uid ?? have.uid,
    group: want.group ?? (have.present ? have.group : want.name),
    groups,
    home: want.home ?? have.home,
    shell: want.shell ?? have.shell,
    comment: want.comment ?? have.comment,
  }).replace('uid -1', 'uid next');
  const tail = password.map((step) => `${step.say}\n`).join('');
  return [{ label: `user ${want.name}`, before: describe(have), after: after + tail }];
}
