import type { Answer } from '../core/answer.ts';
import { script, type Command } from '../core/command.ts';
import type { DeploymentFact, OstreeFacts } from '../core/facts.ts';
import { fault } from '../core/problem.ts';
import { parseDeployments } from '../facts/deployments.ts';
import { textsIn } from './gvariant.ts';
import { sectionOf, sectionsOf } from './ostree-config.ts';
import { tokensOf } from './kargs.ts';

/** What the files of ostree tell of a deployment beside its place in the boot order. */
export interface DeploymentFile {
  /** The ref it follows, a commit, or empty where something else than ostree made it. */
  readonly refspec: string;
  /** Something of rpm-ostree or bootc is in its origin, which ostree itself would lose. */
  readonly isForeign: boolean;
  readonly unlocked: 'none' | 'development' | 'hotfix' | 'transient';
  /** Kernel arguments it boots with; undefined where they cannot be read. */
  readonly kargs: readonly string[] | undefined;
}

/** What the files below /ostree, /boot and /run tell. */
export interface SysrootFiles {
  readonly of: (one: Pick<DeploymentFact, 'id'>) => DeploymentFile;
  /** Arguments of the running kernel. */
  readonly running: readonly string[];
  readonly stateroots: readonly string[];
}

// The text is all there is before 2025.3; its marks are no words of a language. Signatures are left out: they cost time.
const STATUS = `command -v ostree >/dev/null 2>&1 || exit 127
[ -e /run/ostree-booted ] || exit 126
LC_ALL=C; export LC_ALL
ostree admin status --json 2>/dev/null || ostree admin status`;

/** Asks for the deployments in boot order, as ostree itself tells them. */
export function statusQuestion(): Command {
  return script(STATUS);
}

/** The deployments in boot order. */
export function readStatus(answer: Answer | undefined): OstreeFacts {
  if (answer?.code === 127) {
    const hint = 'deployments are for hosts that run from one of ostree';
    throw fault({ code: 'E_UNSUPPORTED', message: 'this host has no ostree', hint });
  }
  if (answer?.code === 126) {
    const hint = 'there is nothing to deploy on a system that was installed from packages';
    throw fault({ code: 'E_UNSUPPORTED', message: 'this system was not booted by ostree', hint });
  }
  if (answer?.code !== 0) {
    const said = answer?.stderr.trim().split('\n').at(-1) ?? 'nothing';
    throw fault({ code: 'E_ANSWER', message: `ostree does not tell its deployments: ${said.slice(0, 300)}` });
  }
  return parseDeployments(answer.stdout);
}

// Contents are indented, so that they cannot be taken for the names of files. The boot loader's entries say which deployment is theirs
// by a link below /ostree/boot.*.
const FILES = `for dir in /ostree/deploy/*; do [ ! -d "$dir" ] || echo "stateroot $dir"; done
for file in /ostree/deploy/*/deploy/*.origin; do
  [ -f "$file" ] || continue
  echo "origin $file"
  sed 's/^/ /' "$file"
done
for file in /boot/loader/entries/*.conf; do
  [ -f "$file" ] || continue
  options=$(sed -n 's/^options[[:space:]]*//p' "$file")
  link=\${options##*ostree=}
  echo "boots $(readlink -f "/sysroot\${link%% *}")"
  printf ' %s\\n' "$options"
done
for file in /run/ostree/deployment-state/*/unlocked-*; do [ ! -e "$file" ] || echo "unlocked $file"; done
echo running
sed 's/^/ /' /proc/cmdline
if [ -f /run/ostree/staged-deployment ]; then echo staged && od -An -v -tx1 /run/ostree/staged-deployment; fi
:`;

/** Asks for the origins, boot loader entries and what is staged. */
export function filesQuestion(): Command {
  return script(FILES);
}

/** What the answer to `filesQuestion` means for these deployments. */
export function readFiles(answer: Answer | undefined, { deployments }: OstreeFacts): SysrootFiles {
  const parts = partsOf(answer?.stdout ?? '');
  const named = (what: string): readonly Part[] => parts.filter((part) => part.what === what);
  const origins = new Map(named('origin').map(({ name, text }) => [idIn(name), text]));
  const entries = new Map(named('boots').map(({ name, text }) => [idIn(name), bootKargs(text)]));
  const unlocked = new Map(
    named('unlocked').map(({ name }) => [name.split('/').at(-2) ?? '', name.split('unlocked-').at(-1)]),
  );
  const stagedText = named('staged')[0]?.text ?? '';
  const staged = textsIn(Buffer.from(stagedText.replaceAll(/\s/g, ''), 'hex'), 'kargs');
  const files = new Map(
    deployments.map((one) => {
      const origin = origins.get(one.id) ?? '';
      const folder = one.id.slice(one.stateroot.length + 1);
      const kargs = one.staged || one.locked ? staged?.filter(isOwn) : entries.get(one.id);
      return [one.id, { ...originOf(origin, one.origin), unlocked: unlockedOf(origin, unlocked.get(folder)), kargs }];
    }),
  );
  return {
    of: ({ id }) => files.get(id) ?? { refspec: '', isForeign: false, unlocked: 'none', kargs: undefined },
    running: tokensOf((named('running')[0]?.text ?? '').replaceAll('"', '')),
    stateroots: named('stateroot').map(({ name }) => name.split('/').at(-1) ?? ''),
  };
}

/** Groups of an origin that only rpm-ostree writes and understands. */
const FOREIGN = ['rpmostree', 'packages', 'overrides', 'modules'];

function originOf(text: string, told: string): Pick<DeploymentFile, 'refspec' | 'isForeign'> {
  const origin = sectionOf(text, 'origin');
  const refspec = origin?.get('refspec') ?? (text === '' ? told : '');
  const isForeign =
    sectionsOf(text).some((name) => FOREIGN.includes(name)) ||
    origin?.has('baserefspec') === true ||
    origin?.has('container-image-reference') === true;
  return { refspec, isForeign };
}

function unlockedOf(origin: string, state: string | undefined): DeploymentFile['unlocked'] {
  const found = state ?? sectionOf(origin, 'origin')?.get('unlocked');
  return found === 'development' || found === 'hotfix' || found === 'transient' ? found : 'none';
}

function bootKargs(text: string): readonly string[] {
  return tokensOf(text).filter(isOwn);
}

/** Ostree itself adds the argument that names the deployment. */
function isOwn(token: string): boolean {
  return !token.startsWith('ostree=');
}

/** `STATEROOT-CHECKSUM.SERIAL` from a path below /ostree/deploy. */
function idIn(path: string): string {
  const [, stateroot = '', folder = ''] = /\/ostree\/deploy\/([^/]+)\/deploy\/([0-9a-f]+\.\d+)/.exec(path) ?? [];
  return `${stateroot}-${folder}`;
}

interface Part {
  readonly what: string;
  readonly name: string;
  readonly text: string;
}

function partsOf(stdout: string): readonly Part[] {
  const parts: { what: string; name: string; text: string }[] = [];
  for (const line of stdout.split('\n')) {
    const last = parts.at(-1);
    if (!line.startsWith(' ') && line !== '') {
      const [what = '', ...name] = line.split(' ');
      parts.push({ what, name: name.join(' '), text: '' });
    } else if (last !== undefined) last.text += `${line.slice(1)}\n`;
  }
  return parts;
}

/** True for a deployment that is meant by a name: `booted`, an id, a checksum or a version. */
export function isNamed(one: DeploymentFact, name: string): boolean {
  return name === 'booted' ? one.booted : [one.id, one.checksum, one.base_checksum, one.version].includes(name);
}

/** How deployments are listed for a person. */
export function listed(deployments: readonly DeploymentFact[]): string {
  return deployments.map((one) => one.version || one.id).join(', ');
}
