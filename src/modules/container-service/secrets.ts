import { cmd, script } from '../../core/command.ts';
import { Secret } from '../../core/secret.ts';
import type { Step } from '../../core/step.ts';
import { homeOf, secretPath } from './options.ts';
import type { SecretWish } from './schema-parts.ts';
import type { Params } from './schema.ts';
import type { Have } from './state.ts';

/**
 * Which generation of each secret the unit names: the one that holds the wished value, or the next. Values are compared by the
 * sha256 the host computes, so that none is sent to find out.
 */
export function generationsOf(want: Params, have: Have): ReadonlyMap<string, number> {
  return new Map(want.secrets.map((secret) => [secret.name, generationOf(secret, have)]));
}

function generationOf(secret: SecretWish, have: Have): number {
  const kept = [...have.secrets.keys()].flatMap((file) => numberOf(file, secret.name));
  const right = kept.filter((number) => isKept(secret, number, have));
  return right.length > 0 ? Math.max(...right) : Math.max(0, ...kept) + 1;
}

function numberOf(file: string, name: string): number[] {
  const [, of, number] = /^(.+)@(\d+)$/.exec(file) ?? [];
  return of === name && number !== undefined ? [Number(number)] : [];
}

function isKept({ name, value, env }: SecretWish, number: number, have: Have): boolean {
  const digest = value instanceof Secret ? value.sha256() : new Secret(value).sha256();
  const file = `${name}@${number}`;
  return have.secrets.get(file) === digest && (env === undefined || have.secrets.has(`${file}.env`));
}

// A file for --env-file holds a line NAME=value, so that a value with line ends would become something else.
const ENV_FILE = `umask 077
[ "$(tr -cd '\\n' <"$1" | wc -c)" = 0 ] || exit 65
{ printf '%s=' "$2"; cat -- "$1"; echo; } >"$1.env.new" && mv -f -- "$1.env.new" "$1.env"`;

/** Writes the secrets that are not kept yet. Each is a file of its own that is never changed afterwards. */
export function secretSteps(want: Params, have: Have): Step[] {
  const missing = want.secrets.filter((secret) => !isKept(secret, generationOf(secret, have), have));
  if (missing.length === 0) return [];
  const home = homeOf(want.name);
  const folders = ['/etc/copse', '/etc/copse/containers', home, `${home}/secrets`];
  return [
    { do: 'run', say: `make ${home} for secrets`, command: cmd('install', '-d', '-m', '0700', ...folders) },
    ...missing.flatMap((secret) => writeSteps(want.name, secret, generationOf(secret, have))),
  ];
}

function writeSteps(box: string, { name, value, env, mode }: SecretWish, generation: number): Step[] {
  const path = secretPath(box, name, generation);
  const content = value instanceof Secret ? value : new Secret(value);
  const put: Step = {
    do: 'put',
    say: `write the secret ${name}`,
    path,
    content,
    mode: env === undefined ? mode : '0600',
  };
  if (env === undefined) return [put];
  const make: Step = {
    do: 'run',
    say: `make the variable ${env} from it`,
    command: script(ENV_FILE, path, env),
    explain: ({ code }) =>
      code === 65
        ? {
            message: `the secret "${name}" has line ends, which a variable cannot hold`,
            hint: 'leave "env" out: it is a file then',
          }
        : undefined,
  };
  return [put, make];
}

/** Removes what former wishes left, once nothing uses it. */
export function cleanSteps(want: Params, have: Have): Step[] {
  const current = want.secrets.flatMap((secret) => {
    const file = `${secret.name}@${generationOf(secret, have)}`;
    return [file, ...(secret.env === undefined ? [] : [`${file}.env`])];
  });
  const old = [...have.secrets.keys()].filter((file) => !current.includes(file)).toSorted();
  if (old.length === 0) return [];
  const paths = old.map((file) => `${homeOf(want.name)}/secrets/${file}`);
  return [{ do: 'run', say: `remove secrets that are no longer used`, command: cmd('rm', '-f', '--', ...paths) }];
}
