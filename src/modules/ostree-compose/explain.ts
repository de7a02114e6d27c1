import type { Explain } from '../../core/step.ts';
import { ENDED } from './build.ts';
import type { Params } from './schema.ts';

interface Reason {
  /** Found anywhere in the output: rpm-ostree has no other way to say why. */
  readonly sign: RegExp;
  readonly say: (found: RegExpExecArray) => string;
  readonly hint: string;
  readonly code?: 'E_SPACE' | 'E_UNSUPPORTED';
}

const REASONS: readonly Reason[] = [
  {
    sign: /No space left on device|min-free-space/i,
    say: () => 'there is not enough space on the host',
    hint: 'look at "df -h" for the repository and the cache; "keep" drops old commits',
    code: 'E_SPACE',
  },
  {
    sign: /(?:Packages not found|No match for argument|No package matches): ?(.*)/i,
    say: ([, names = '']) => `no repository has ${names.trim().slice(0, 200) || 'one of the packages'}`,
    hint: 'look at "packages" of the treefile and at its .repo files',
  },
  {
    sign: /repo '([^']+)'/,
    say: ([, repo = '']) => `the package repository "${repo}" cannot be read`,
    hint: 'look at the network and at the .repo file beside the treefile',
  },
  {
    sign: /Could not depsolve/i,
    say: () => 'the packages of the treefile do not fit together',
    hint: 'the lines of rpm-ostree above name the packages',
  },
  {
    sign: /Unknown option (\S+)|unexpected argument '?([^' \n]+)/,
    say: ([, old = '', now = '']) => `this rpm-ostree does not know ${old || now}`,
    hint: 'leave that option out, or write "unified_core: false"',
    code: 'E_UNSUPPORTED',
  },
];

/** Says which part of a build failed, and why. */
export function explain({ ref, treefile, git, sign }: Params): Explain {
  return ({ code, stdout, stderr }) => {
    const said = lastOf(stderr) || lastOf(stdout);
    switch (code) {
      case ENDED.git:
        return {
          message: `git cannot bring ${git?.revision ?? ''} of ${git?.url ?? ''}: ${said}`,
          hint: 'nothing was composed',
        };
      case ENDED.noRef:
        return {
          message: `rpm-ostree composed, and there is no ref "${ref}" in the repository`,
          hint: `write the ref that ${treefile} makes: "rpm-ostree compose tree --print-only ${treefile}" shows it`,
        };
      case ENDED.sign:
        return {
          message: `the commit is composed and cannot be signed with ${sign?.key ?? ''}: ${said}`,
          hint: 'the key must need no passphrase, or be unlocked in a gpg-agent; run the playbook again then',
        };
      case ENDED.compose:
        return composeFailure(`${stdout}\n${stderr}`, said);
      default:
        return {
          message: `the build failed (exit ${code ?? 'unknown'}): ${said}`,
          hint: 'run the playbook again: it goes on where it was',
        };
    }
  };
}

function composeFailure(text: string, said: string): ReturnType<Explain> {
  for (const { sign, say, hint, code } of REASONS) {
    const found = sign.exec(text);
    if (found !== null)
      return { message: `rpm-ostree cannot compose: ${say(found)}`, hint, ...(code === undefined ? {} : { code }) };
  }
  return { message: `rpm-ostree cannot compose: ${said}`, hint: 'the repository is as it was before' };
}

function lastOf(text: string): string {
  return (text.trim().split('\n').at(-1) ?? '').replace(/^error: /, '').slice(0, 300);
}
