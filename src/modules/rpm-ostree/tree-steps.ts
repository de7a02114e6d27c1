import { script, withOptions, type Command } from '../../core/command.ts';
import type { Step, TransactionStep } from '../../core/step.ts';
import type { BaseMove } from './base.ts';
import { isSameKargs, kargsOptions } from '../kargs.ts';
import type { Delta } from './requests.ts';
import type { Rpm } from './rpms.ts';
import type { Params } from './schema.ts';
import type { Have } from './state.ts';
import { flags, isAtLeast, requestWords, transactionStep, type Call } from './steps.ts';
import type { TreeDelta } from './tree-delta.ts';

/** The transactions that bring a deployment to a wish, each built on the one before: as few as the tool allows. */
export function changeSteps(want: Params, delta: Delta, have: Have): readonly Step[] {
  const calls = callsOf(want, delta, have);
  const files = delta.tree.rpms.filter(({ file }) => file !== undefined);
  const touchesPackages = delta.add.length + delta.tree.rpms.length > 0 || delta.tree.move !== undefined;
  const refresh: readonly Call[] =
    want.refresh_md && touchesPackages
      ? [{ words: ['refresh-md', '-f'], say: 'read the metadata of the repositories anew' }]
      : [];
  return [
    ...files.map(putStep),
    ...refresh.map((call) => transactionStep(want, call, have)),
    ...calls.map((call) =>
      mayFollow(want, call) ? followingStep(want, call, have) : transactionStep(want, call, have),
    ),
    ...(files.length === 0 ? [] : [removeStep(files.map(({ source }) => source))]),
  ];
}

function callsOf(want: Params, delta: Delta, have: Have): readonly Call[] {
  const { move, overrides, kargs, initramfs } = delta.tree;
  const requests = requestWords(delta, have.version);
  const canChain = isAtLeast(have.version, '2018.7') && requests.length > 0;
  const isOverriding = overrides.remove.length + overrides.replace.length > 0;
  const withMove = canChain && move !== undefined && !isOverriding;
  const withOverride = canChain && isOverriding;
  return [
    ...resetCalls(overrides),
    ...(move === undefined ? [] : [chained(moveCall(want, move), withMove ? delta : undefined)]),
    ...(isOverriding ? [chained(overrideCall(overrides), withOverride ? delta : undefined)] : []),
    ...(withMove || withOverride ? [] : requests),
    ...(initramfs === undefined ? [] : [initramfsCall(initramfs)]),
    ...(isSameKargs(kargs)
      ? []
      : [{ words: ['kargs', ...kargsOptions(kargs)], say: `change kernel arguments: ${showKargs(kargs)}` }]),
  ];
}

/** A call that changes the requests too. */
function chained({ words, say }: Call, delta: Delta | undefined): Call {
  if (delta === undefined) return { words, say };
  const add = [...delta.add, ...delta.tree.rpms.map(({ source }) => source)];
  const said = [...delta.add, ...delta.tree.rpms.map(({ nevra }) => nevra)];
  return {
    words: [
      ...words,
      ...add.flatMap((one) => ['--install', one]),
      ...delta.drop.flatMap((one) => ['--uninstall', one]),
    ],
    say: [
      say,
      ...(said.length > 0 ? [`layer ${said.join(', ')}`] : []),
      ...(delta.drop.length > 0 ? [`drop ${delta.drop.join(', ')}`] : []),
    ].join('; '),
  };
}

function moveCall(want: Params, move: BaseMove): Call {
  switch (move.do) {
    case 'upgrade':
      return { words: ['upgrade', ...(want.allow_downgrade ? ['--allow-downgrade'] : [])], say: 'upgrade the image' };
    case 'deploy':
      return { words: ['deploy', move.to], say: `deploy ${move.to}` };
    case 'rebase': {
      const revision = move.revision === undefined ? [] : [move.revision];
      const keep = want.purge ? [] : ['--skip-purge'];
      return { words: ['rebase', ...keep, move.to, ...revision], say: ['rebase to', move.to, ...revision].join(' ') };
    }
  }
}

function resetCalls({ reset, isAll }: TreeDelta['overrides']): readonly Call[] {
  if (reset.length === 0) return [];
  return [
    { words: ['override', 'reset', ...(isAll ? ['--all'] : reset)], say: `take overrides away: ${reset.join(', ')}` },
  ];
}

function overrideCall({ remove, replace }: TreeDelta['overrides']): Call {
  const [sources, nevras] = [replace.map(({ source }) => source), replace.map(({ nevra }) => nevra)];
  const say = [
    ...(remove.length > 0 ? [`take out of the image: ${remove.join(', ')}`] : []),
    ...(replace.length > 0 ? [`replace in the image: ${nevras.join(', ')}`] : []),
  ].join('; ');
  if (remove.length === 0) return { words: ['override', 'replace', ...sources], say };
  return { words: ['override', 'remove', ...remove, ...sources.flatMap((source) => ['--replace', source])], say };
}

function initramfsCall({ enable, args }: NonNullable<TreeDelta['initramfs']>): Call {
  if (!enable) return { words: ['initramfs', '--disable'], say: 'take the initramfs of the image' };
  const say = args.length > 0 ? `make the initramfs on the host: ${args.join(' ')}` : 'make the initramfs on the host';
  return { words: ['initramfs', '--enable', ...args.map((arg) => `--arg=${arg}`)], say };
}

function showKargs({ gone, added, swapped }: TreeDelta['kargs']): string {
  return [
    ...gone.map((token) => `-${token}`),
    ...swapped.map(({ from, to }) => `${from} to ${to}`),
    ...added.map((token) => `+${token}`),
  ].join(', ');
}

function putStep({ source, nevra, file }: Rpm): Step {
  return { do: 'put', say: `copy ${nevra}.rpm to the host`, path: source, content: file?.bytes ?? '', mode: '0600' };
}

function removeStep(paths: readonly string[]): Step {
  const command: Command = { argv: ['rm', '-f', '--', ...paths] };
  return { do: 'run', say: 'remove the copied RPM files', command, unchangedCodes: [0], always: true };
}

// Only the text of the error tells that image and repositories do not fit. The words of the first call follow; of them an upgrade
// knows the packages, and those to drop.
const UPGRADE_TOO = `said=$(mktemp) || exit 1
trap 'rm -f "$said"' EXIT
flags=$1
shift
rpm-ostree "$@" 2>"$said"
code=$?
cat "$said" >&2
[ "$code" != 0 ] && grep -q -E 'base packages would be|@System|[Ff]orbidden base package' "$said" || exit "$code"
echo 'image and repositories do not fit: the image is upgraded too'
shift
next=
for word; do
  shift
  case $next$word in
    --uninstall*) set -- "$@" "$word"; next= ; [ "$word" = --uninstall ] && next=--uninstall ;;
    --lock-finalization) set -- "$@" "$word" ;;
    --idempotent | --allow-inactive | --unchanged-exit-77 | -y) ;;
    *) set -- "$@" --install "$word" ;;
  esac
done
rpm-ostree upgrade $flags "$@"`;

function mayFollow(want: Params, { words }: Call): boolean {
  return want.on_skew === 'upgrade' && words[0] === 'install';
}

/** Layers packages; where the image is too old for them, upgrades it in the same transaction. */
function followingStep(want: Params, call: Call, have: Have): TransactionStep {
  const step = transactionStep(want, call, have);
  const [, ...words] = step.command.argv;
  const command = script(UPGRADE_TOO, flags('upgrade', have.version).join(' '), ...words);
  return {
    ...step,
    say: `${call.say}; upgrade the image where it is too old for that`,
    command: withOptions(command, step.command.env === undefined ? {} : { env: step.command.env }),
  };
}
