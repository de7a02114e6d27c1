import { z } from 'zod';
import type { Evaluated, LocalFile } from '../core/module.ts';
import { Secret } from '../core/secret.ts';
import { parseDuration } from '../core/units.ts';

/** An absolute path on the host, without `..` and without a slash at its end. */
export function absolutePath(): z.ZodType<string, string> {
  return absolutePathOrFolder()
    .transform((path) => path.replace(/(?<=.)\/$/, ''))
    .meta({ title: 'path' });
}

/** An absolute path on the host, without `..`; a slash at its end is kept and says that it is a folder. */
export function absolutePathOrFolder(): z.ZodType<string, string> {
  return z
    .string({ error: 'expected an absolute path such as "/etc/motd"' })
    .refine((path) => path.startsWith('/'), { error: 'expected an absolute path, starting with "/"', abort: true })
    .refine((path) => !path.split('/').includes('..'), { error: 'expected a path without ".."', abort: true })
    .refine((path) => !/[\0\n]/.test(path), { error: 'expected a path without line ends' })
    .transform((path) => path.replaceAll(/\/{2,}/g, '/'))
    .meta({ title: 'path' });
}

/** File permissions as quoted octal digits; four digits after parsing. */
export function fileMode(): z.ZodType<string, string> {
  const error = 'expected a file mode as quoted octal digits such as "0644"';
  return z
    .string({ error })
    .regex(/^[0-7]{3,4}$/, { error })
    .transform((mode) => mode.padStart(4, '0'))
    .meta({ title: 'quoted mode' });
}

/** A user or group of the host, by name or number. */
export function accountName(): z.ZodType<string, string | number> {
  const error = 'expected a user or group, by name or number';
  return z
    .union([z.string(), z.int().nonnegative()], { error })
    .transform(String)
    .refine((name) => /^[A-Za-z0-9_][A-Za-z0-9_.@\\-]*\$?$/.test(name), { error })
    .meta({ title: 'name or number' });
}

/** The name of a user or group that may have to be made: what shadow-utils takes everywhere. */
export function newAccountName(): z.ZodType<string, string> {
  const error = 'expected the name of an account: letters, digits, "_", "-" and ".", not beginning with a digit or "-"';
  return z
    .string({ error })
    .regex(/^[A-Za-z_][A-Za-z0-9_.-]{0,31}$/, { error })
    .meta({ title: 'name' });
}

/** A duration such as `90s`; milliseconds after parsing. */
export function duration(): z.ZodType<number, string> {
  const error = 'expected a duration such as "90s", "10m" or "1h30m"';
  return z
    .string({ error })
    .transform((text, context) => {
      const ms = parseDuration(text);
      if (ms !== undefined) return ms;
      context.addIssue({ code: 'custom', message: error });
      return z.NEVER;
    })
    .meta({ title: 'duration' });
}

/** A systemd unit with its suffix; `.service` is added when there is none, as systemctl does. */
export function unitName(): z.ZodType<string, string> {
  const error = 'expected a unit name such as "sshd.service"';
  return z
    .string({ error })
    .regex(/^[A-Za-z0-9:_.\\@][A-Za-z0-9:_.\\@-]*$/, { error })
    .transform((name) => (UNIT_SUFFIX.test(name) ? name : `${name}.service`))
    .meta({ title: 'unit' });
}

const UNIT_SUFFIX = /\.(?:service|socket|device|mount|automount|swap|target|path|timer|slice|scope)$/;

/** A package, capability or file that a package provides; what could be taken for an option, a URL or a local RPM is refused. */
export function packageName(): z.ZodType<string, string> {
  return z
    .string({ error: 'expected a package name such as "tmux"' })
    .superRefine((name, context) => {
      const wrong = wrongPackage(name);
      if (wrong !== undefined) context.addIssue({ code: 'custom', message: wrong, input: name });
    })
    .meta({ title: 'package' });
}

function wrongPackage(name: string): string | undefined {
  if (/^[a-z]+:\/\//.test(name) || name.endsWith('.rpm')) {
    return 'expected the name of a package from a repository, not a URL or an RPM file';
  }
  if (name.startsWith('@')) return 'expected a package, not a group: rpm-ostree layers no groups';
  return /^[A-Za-z0-9_/][A-Za-z0-9_./+:~^()-]*$/.test(name) ? undefined : 'expected a package name such as "tmux"';
}

/** One value or a list of them; always a list after parsing. */
export function listOf<Output, Input>(item: z.ZodType<Output, Input>): z.ZodType<Output[], Input | Input[]> {
  return z.union([item.transform((one) => [one]), z.array(item)]) as unknown as z.ZodType<Output[], Input | Input[]>;
}

/** Text that may be secret. */
export function maybeSecret(error: string): z.ZodType<string | Secret> {
  return z
    .custom<string | Secret>((value) => typeof value === 'string' || value instanceof Secret, { error })
    .meta({ type: 'string', title: 'text' });
}

/** Text that becomes a word of a command, which every user of the host may see: a secret is refused. */
export function publicText(what: string): z.ZodString {
  return z.string({
    error: (issue) =>
      issue.input instanceof Secret
        ? 'a secret cannot be a word of a command, where every user of the host could read it; use "stdin"'
        : `expected ${what}`,
  });
}

/** One line of text that becomes a word of a unit file; a secret or a line end is refused. */
export function word(what: string): z.ZodType<string, string> {
  return publicText(what)
    .refine((text) => !hasControl(text), { error: `expected ${what} without line ends and control characters` })
    .meta({ title: 'text' });
}

/** Whether a text has line ends or other control characters; a tab is the only one that a unit file keeps. */
export function hasControl(text: string): boolean {
  // eslint-disable-next-line no-control-regex
  return /[\0-\u0008\n-\u001F\u007F]/.test(text);
}

/** A file of the controller, read while binding. */
export function localFile(): z.ZodType<LocalFile> {
  return z
    .custom<LocalFile>(isLocalFile, { error: 'expected the path of a file on this machine' })
    .meta({ type: 'string', title: 'file of this machine' });
}

/** A CEL expression, evaluated while binding. */
export function evaluated(): z.ZodType<Evaluated> {
  return z
    .custom<Evaluated>(isEvaluated, { error: 'expected an expression' })
    .meta({ type: 'string', title: 'expression' });
}

function isLocalFile(value: unknown): boolean {
  return typeof value === 'object' && value !== null && 'path' in value && 'bytes' in value && 'mode' in value;
}

function isEvaluated(value: unknown): boolean {
  return typeof value === 'object' && value !== null && 'text' in value && 'value' in value;
}

/** Something parameters must not be together. */
export interface Rule<Want> {
  /** The parameter the problem is shown at. */
  readonly at: string;
  readonly wrong: (want: Want) => boolean;
  readonly say: string;
}

/** A check for `superRefine` that reports every broken rule. */
export function obey<Want>(rules: readonly Rule<Want>[]): (want: Want, context: z.core.$RefinementCtx<Want>) => void {
  return (want, context) => {
    for (const { at, wrong, say } of rules) {
      if (wrong(want)) context.addIssue({ code: 'custom', path: [at], message: say, input: want });
    }
  };
}
