import { cmd, script } from '../../core/command.ts';
import type { Change, ModuleContext } from '../../core/module.ts';
import type { Step } from '../../core/step.ts';
import { sectionOf, sectionsOf, withoutSection, withValues, type Section } from '../ostree-config.ts';
import { missingKeys, type GpgKey } from '../ostree-keys.ts';
import { importSteps, isIn, ostreeCommand, wishedKeys } from './keys.ts';
import { isSystem } from '../ostree-repository.ts';
import { REMOTES, sectionName, type Have, type RemoteFile } from './read.ts';
import type { Params } from './schema.ts';

/** The way to a remote as it is wished. */
export function plan(want: Params, have: Have, { facts, check }: ModuleContext): Change {
  const reload: readonly Step[] =
    isSystem(want.repo) && facts.tools['rpm-ostree'] !== undefined
      ? [
          {
            do: 'run',
            say: 'let rpm-ostree read the remotes anew',
            command: cmd('rpm-ostree', 'reload'),
            unchangedCodes: [0],
          },
        ]
      : [];
  if (have.files.length > 1) {
    return {
      refuse: `the remote "${want.name}" is described twice: in ${have.files.map(({ path }) => path).join(' and ')}`,
      hint: 'take one of them away; ostree does not say which of them it follows',
    };
  }
  if (have.config === undefined && !isSystem(want.repo)) {
    const refuse = `there is no ostree repository at ${want.repo}`;
    return check ? { steps: [], notes: [refuse] } : { refuse, hint: 'ostree_repo makes one' };
  }
  if (want.state === 'absent') return planAbsent(want, have, reload);
  return planPresent(want, have, reload);
}

function planAbsent(want: Params, have: Have, reload: readonly Step[]): Change {
  const [file] = have.files;
  if (file === undefined) return { steps: [] };
  const section = sectionName(want.name);
  const label = `${file.path} [${section}]`;
  const isShared = file !== have.config && sectionsOf(file.text).length > 1;
  // ostree would remove the whole file, with the other remotes in it.
  const remove: Step = isShared
    ? putStep(file.path, withoutSection(file.text, section), `remove the remote ${want.name} from ${file.path}`)
    : { do: 'run', say: `remove the remote ${want.name}`, command: ostreeCommand(want, 'delete', want.name) };
  return { steps: [remove, ...reload], diff: [{ label, before: shown(have.section), after: '' }] };
}

function planPresent(want: Params, have: Have, reload: readonly Step[]): Change {
  const keys = wishedKeys(want);
  if (typeof keys === 'string')
    return { refuse: keys, hint: 'expected public keys of gpg ("gpg --export --armor KEY")', code: 'E_PARAM' };
  const missing = missingKeys(keys, have.keys ?? []);
  const wished = valuesOf(want);
  const changed = new Map([...wished].filter(([key, value]) => value !== (have.section?.get(key) ?? '')));
  const isSame = have.section !== undefined && changed.size === 0;
  const write = isSame ? [] : writeSteps(want, have, changed);
  const imports = importSteps(want, missing);
  if (write.length + imports.length === 0) return { steps: [], notes: notesOf(want, have, keys) };
  const after = sectionOf(withValues(textOf(have), sectionName(want.name), wished), sectionName(want.name));
  const path = have.files[0]?.path ?? newFile(want);
  return {
    steps: [...write, ...imports, ...reload],
    notes: notesOf(want, have, keys),
    diff: [
      ...(isSame
        ? []
        : [{ label: `${path} [${sectionName(want.name)}]`, before: shown(have.section), after: shown(after) }]),
      ...(missing.length === 0
        ? []
        : [
            {
              label: `keys of ${want.name}`,
              before: listed(have.keys ?? []),
              after: listed([...(have.keys ?? []), ...missing]),
            },
          ]),
    ],
  };
}

/** What the section must say; empty where a key must not be there. */
function valuesOf(want: Params): Section {
  return new Map([
    ['url', want.url ?? ''],
    ['gpg-verify', String(want.gpg_verify)],
    ...(want.gpg_verify_summary === undefined
      ? []
      : ([['gpg-verify-summary', String(want.gpg_verify_summary)]] as const)),
    ...(want.branches === undefined ? [] : ([['branches', want.branches.map((one) => `${one};`).join('')]] as const)),
    ...Object.entries(want.options),
  ]);
}

function textOf({ files }: Have): string {
  return files[0]?.text ?? '';
}

function newFile({ name, repo }: Params): string {
  return isSystem(repo) ? `${REMOTES}/${name}.conf` : `${repo}/config`;
}

function writeSteps(want: Params, have: Have, changed: Section): readonly Step[] {
  const section = sectionName(want.name);
  const [file] = have.files;
  const say = `${file === undefined ? 'add' : 'change'} the remote ${want.name}`;
  if (file !== undefined && file === have.config && isSystem(want.repo)) {
    return [{ do: 'run', say, command: script(CONFIGURE, want.repo, section, ...[...changed].flat()) }];
  }
  if (file !== undefined) return [putStep(file.path, withValues(file.text, section, changed), say)];
  if (!isSystem(want.repo)) {
    const config: RemoteFile = have.config ?? { path: `${want.repo}/config`, text: '' };
    return [putStep(config.path, withValues(config.text, section, valuesOf(want)), say)];
  }
  const folder: readonly Step[] = have.hasFolder
    ? []
    : [{ do: 'run', say: `make ${REMOTES}`, command: cmd('mkdir', '-p', REMOTES) }];
  return [
    ...folder,
    { do: 'put', say, path: newFile(want), content: withValues('', section, valuesOf(want)), mode: '0644' },
  ];
}

// The repository of the system may lie on a read-only mount, which only ostree itself opens. It knows --group since 2020; before, a
// name with a dot in it cannot be said.
const CONFIGURE = `repo=$1 section=$2
shift 2
while [ $# -gt 0 ]; do
  if [ -n "$2" ]; then set -- set "$@"; else set -- unset "$@"; fi
  if ostree config --help 2>/dev/null | grep -q -e --group; then
    if [ "$1" = set ]; then ostree config --repo="$repo" --group="$section" set "$2" "$3" || exit
    else ostree config --repo="$repo" --group="$section" unset "$2" || exit; fi
  else
    if [ "$1" = set ]; then ostree config --repo="$repo" set "$section.$2" "$3" || exit
    else ostree config --repo="$repo" unset "$section.$2" || exit; fi
  fi
  shift 3
done`;

function putStep(path: string, content: string, say: string): Step {
  return { do: 'put', say, path, content };
}

function notesOf(want: Params, { keys }: Have, wished: readonly GpgKey[]): readonly string[] {
  const others = wished.length === 0 ? [] : (keys ?? []).filter((key) => !isIn(key, wished));
  return others.length === 0
    ? []
    : [
        `${want.name} trusts keys that are not named: ${others.map(({ name, fingerprint }) => `${fingerprint}${name === '' ? '' : ` (${name})`}`).join(', ')}`,
      ];
}

function listed(keys: readonly GpgKey[]): string {
  return [...new Set(keys.map(({ fingerprint, name }) => `${fingerprint} ${name}`.trim()))]
    .sort()
    .map((line) => `${line}\n`)
    .join('');
}

function shown(section: Section | undefined): string {
  return [...(section ?? [])]
    .map(([key, value]) => `${key}=${value}\n`)
    .sort()
    .join('');
}
