import { cmd } from '../../core/command.ts';
import type { Change, Diff, ModuleContext } from '../../core/module.ts';
import type { RunStep, Step } from '../../core/step.ts';
import { holds, KINDS, type KindName } from './kinds.ts';
import { lockout, type View } from './lockout.ts';
import { edited, EMPTY, sideOf, type Side } from './side.ts';
import type { Params } from './schema.ts';
import type { Have, Zone, Zones } from './state.ts';

type Refusal = Extract<Change, { readonly refuse: string }>;

/** What the task is about on this host. */
interface Work {
  readonly want: Params;
  readonly have: Have;
  readonly name: string;
  readonly kept: Side;
  readonly now: Side;
  /** The default zone that is wished, where it is another one. */
  readonly moves: string | undefined;
}

/** First what is kept, which firewalld checks; then what runs, by the same words, or by one reload where there are none. */
export function plan(want: Params, have: Have, context: ModuleContext): Change {
  const name = want.zone ?? want.default_zone ?? have.defaultZone;
  const refusal = unfit(want, have, name);
  if (refusal !== undefined) return context.check && have.tool !== 'running' ? later(refusal) : refusal;
  const kept = sideOf(want, have.permanent.get(name) ?? EMPTY);
  const now = sideOf(want, have.runtime.get(name) ?? EMPTY);
  const moves = want.default_zone === have.defaultZone ? undefined : want.default_zone;
  const work: Work = { want, have, name, kept, now, moves };
  return lockedOut(work) ?? changeOf(work);
}

function changeOf({ have, name, kept, now, moves }: Work): Change {
  const isNew = !have.permanent.has(name);
  const reloads = isNew || !have.runtime.has(name) || now.target !== undefined;
  const steps = [
    ...(isNew ? [step(`make the zone ${name}`, '--permanent', `--new-zone=${name}`)] : []),
    ...stepsOf(name, kept, true),
    ...(reloads ? [step('reload firewalld', '--reload')] : stepsOf(name, now, false)),
    ...(moves === undefined ? [] : [step(`make ${moves} the default zone`, `--set-default-zone=${moves}`)]),
  ];
  const diff = [
    ...diffOf(`zone ${name}, kept`, have.permanent.get(name) ?? EMPTY, kept),
    ...diffOf(`zone ${name}, running`, have.runtime.get(name) ?? EMPTY, now),
    ...(moves === undefined ? [] : [{ label: 'default zone', before: `${have.defaultZone}\n`, after: `${moves}\n` }]),
  ];
  return { steps, diff, notes: reloads ? ['the reload drops what only the running firewall has'] : [] };
}

function later({ refuse }: Refusal): Change {
  return { steps: [], notes: [`${refuse}; what it would be like is not known`] };
}

function unfit(want: Params, have: Have, name: string): Refusal | undefined {
  if (have.tool === 'missing') {
    return { refuse: 'this host has no firewalld', hint: 'layer it first: "rpm_ostree: {packages: [firewalld]}"' };
  }
  if (have.tool === 'stopped') {
    const hint = 'start it first: "systemd_unit: {name: firewalld.service, state: started, enabled: true}"';
    return { refuse: 'firewalld does not run on this host', hint };
  }
  const needed = [...(want.create ? [] : [name]), ...(want.default_zone === undefined ? [] : [want.default_zone])];
  const zone = needed.find((one) => !have.permanent.has(one) && !(want.create && one === name));
  if (zone === undefined) return undefined;
  const hint = `its zones are ${[...have.permanent.keys()].join(', ')}; "create: true" makes a new one`;
  return { refuse: `firewalld has no zone "${zone}"`, hint };
}

/** Removing comes first: a range that goes may hold what comes anew. */
function stepsOf(zone: string, side: Side, isKept: boolean): readonly Step[] {
  const where = [...(isKept ? ['--permanent'] : []), `--zone=${zone}`];
  const when = isKept ? 'kept' : 'running';
  const steps = side.edits.flatMap(({ kind, add, remove }) => {
    const verb = kind.name === 'interfaces' || kind.name === 'sources' ? 'change' : 'add';
    const words = (action: string, items: readonly string[]): readonly string[] =>
      items.map((one) => `--${action}-${kind.option}=${one}`);
    return [
      ...(remove.length === 0
        ? []
        : [step(`take ${remove.join(', ')} out of ${zone} (${when})`, ...where, ...words('remove', remove))]),
      ...(add.length === 0
        ? []
        : [step(`put ${add.join(', ')} into ${zone} (${when})`, ...where, ...words(verb, add))]),
    ];
  });
  const masquerade = side.masquerade === true ? '--add-masquerade' : '--remove-masquerade';
  return [
    ...steps,
    ...(side.masquerade === undefined
      ? []
      : [step(`${side.masquerade ? 'masquerade' : 'no masquerade'} in ${zone} (${when})`, ...where, masquerade)]),
    ...(side.target === undefined || !isKept
      ? []
      : [step(`make ${side.target} the target of ${zone}`, ...where, `--set-target=${side.target}`)]),
  ];
}

function step(say: string, ...words: readonly string[]): RunStep {
  return {
    do: 'run',
    say,
    command: cmd('firewall-cmd', ...words),
    touches: ['/etc/firewalld'],
    explain: ({ code, stderr }) => ({
      message: `firewalld refuses it (exit ${code ?? 'none'}): ${
        stderr
          .trim()
          .split('\n')
          .at(-1)
          ?.replace(/^Error: /, '')
          .slice(0, 300) ?? ''
      }`,
      hint:
        code === 253
          ? 'add "become: true" to the task'
          : '"firewall-cmd --get-services" and firewalld.richlanguage(5) tell what it takes',
    }),
  };
}

function lockedOut({ want, have, name, kept, now, moves }: Work): Refusal | undefined {
  const defaultZone = moves ?? have.defaultZone;
  const view = (zones: Zones): View => ({ zones, defaultZone: have.defaultZone });
  const after = (zones: Zones, side: Side): View => ({ zones: applied(zones, name, side), defaultZone });
  const refuse =
    lockout(want, have, view(have.runtime), after(have.runtime, now)) ??
    lockout(want, have, view(have.permanent), after(have.permanent, kept));
  if (refuse === undefined) return undefined;
  return {
    refuse,
    hint: 'let it in by "services: [ssh]" or a port; where that is meant write "allow_lockout: true", best in a block with "guard:"',
  };
}

function applied(zones: Zones, name: string, side: Side): Zones {
  const moved = (kind: KindName): readonly string[] => side.edits.find((edit) => edit.kind.name === kind)?.add ?? [];
  const others = [...zones].map(([other, zone]): readonly [string, Zone] => {
    const without = (kind: 'sources' | 'interfaces'): readonly string[] =>
      zone.lists[kind].filter((one) => !holds(kind, moved(kind), one));
    return [
      other,
      { ...zone, lists: { ...zone.lists, sources: without('sources'), interfaces: without('interfaces') } },
    ];
  });
  return new Map([...others, [name, edited(new Map(others).get(name) ?? EMPTY, side)]]);
}

function diffOf(label: string, zone: Zone, side: Side): readonly Diff[] {
  const before = textOf(zone);
  const after = textOf(edited(zone, side));
  return before === after ? [] : [{ label, before, after }];
}

function textOf({ lists, masquerade, target }: Zone): string {
  const rows = KINDS.flatMap(({ name }) => lists[name].toSorted().map((one) => `${name}: ${one}\n`));
  return `target: ${target}\nmasquerade: ${masquerade ? 'yes' : 'no'}\n${rows.join('')}`;
}
