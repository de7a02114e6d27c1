import { z } from 'zod';
import { absolutePath, listOf, obey, type Rule } from '../params.ts';

const State = z.enum(['present', 'absent']).default('present').describe('absent: the rule of this host is taken away.');

function typeLike(example: string): z.ZodOptional<z.ZodType<string, string>> {
  const error = `expected a type of the policy such as "${example}"`;
  return z
    .string({ error })
    .regex(/^[A-Za-z_][A-Za-z0-9_.]*$/, { error })
    .optional()
    .describe(`The type of the policy, such as ${example}.`);
}

/** The kinds of file a rule can be about, each with the sign that file_contexts has for it. */
export const KINDS = {
  any: '',
  file: '--',
  folder: '-d',
  link: '-l',
  socket: '-s',
  pipe: '-p',
  block: '-b',
  char: '-c',
};

const FileContext = z.strictObject({
  path: z
    .string({ error: 'expected an absolute path or a pattern for it such as "/srv/web(/.*)?"' })
    .regex(/^\/[!-~]*$/, { error: 'expected a path that begins with "/", of printed ASCII characters without blanks' })
    .regex(/^[^'"`$;]*$/, { error: 'expected a path without quotes, "`", "$" and ";"' })
    .describe(
      'Whole paths that the rule is for, as a regular expression that is anchored at both ends: "/srv/web(/.*)?" is a folder and all below it.',
    ),
  type: typeLike('httpd_sys_content_t'),
  files: z
    .enum(['any', 'file', 'folder', 'link', 'socket', 'pipe', 'block', 'char'])
    .default('any')
    .describe('Which kind of file the rule is for.'),
  state: State,
});

const NO_PORT = 'expected a port such as 8081, or a range such as "9000-9010"';

const Ports = z
  .union([z.int(), z.string()], { error: NO_PORT })
  .transform(String)
  .refine(isRange, { error: NO_PORT })
  .meta({ title: 'port or range' });

const Port = z.strictObject({
  port: Ports.describe('One port, or a range such as "9000-9010".'),
  protocol: z.enum(['tcp', 'udp', 'sctp', 'dccp']).default('tcp').describe('The protocol of the port.'),
  type: typeLike('http_port_t'),
  state: State,
});

/** A wish about labels of files. */
export type FileContext = z.infer<typeof FileContext>;
/** A wish about labels of ports. */
export type Port = z.infer<typeof Port>;

const Shape = z.strictObject({
  mode: z
    .enum(['enforcing', 'permissive', 'disabled'], { error: 'expected enforcing, permissive or disabled' })
    .optional()
    .describe('What SELinux does: enforcing refuses and logs, permissive only logs, disabled does nothing at all.'),
  mode_from: z
    .enum(['now', 'boot'])
    .default('now')
    .describe('now: the mode of this boot and of every later one. boot: only what later boots begin with.'),
  policy: z
    .string({ error: 'expected the name of a policy such as "targeted"' })
    .regex(/^[A-Za-z0-9_][A-Za-z0-9_-]*$/, { error: 'expected the name of a policy such as "targeted"' })
    .optional()
    .describe(
      'The policy that boots: a folder of /etc/selinux, such as targeted. Another one than now needs a reboot and new labels.',
    ),
  booleans: z
    .record(
      z.string().regex(/^[A-Za-z0-9_]+$/, { error: 'expected a boolean such as "httpd_can_network_connect"' }),
      z.boolean({ error: 'expected true or false' }),
    )
    .default({})
    .describe('Switches of the policy, now and at every boot: {httpd_can_network_connect: true}.'),
  file_contexts: z
    .array(FileContext)
    .default([])
    .describe(
      'Rules of this host for the labels of files: a list of path, type, files and state. Files that are there get them by "restore".',
    ),
  ports: z
    .array(Port)
    .default([])
    .describe('Rules of this host for the labels of ports: a list of port, protocol, type and state.'),
  restore: listOf(absolutePath())
    .default([])
    .describe('Paths whose files, all below them too, must have the labels that the rules say.'),
});
type Shape = z.infer<typeof Shape>;

const RULES: readonly Rule<Shape>[] = [
  {
    at: 'mode',
    wrong: (want) =>
      want.mode === undefined &&
      want.policy === undefined &&
      want.file_contexts.length + want.ports.length + want.restore.length + Object.keys(want.booleans).length === 0,
    say: 'expected "mode", "policy", "booleans", "file_contexts", "ports" or "restore"',
  },
  {
    at: 'mode_from',
    wrong: (want) => want.mode_from === 'boot' && want.mode === undefined,
    say: 'is about "mode", which is not there',
  },
  {
    at: 'file_contexts',
    wrong: (want) =>
      [...want.file_contexts, ...want.ports].some((one) => (one.state === 'present') !== (one.type !== undefined)),
    say: 'a rule that is present has a "type", one that is absent has none',
  },
  {
    at: 'file_contexts',
    wrong: (want) => hasTwins(want.file_contexts.map(fileKey)),
    say: 'the same path is there twice',
  },
  { at: 'ports', wrong: (want) => hasTwins(want.ports.map(portKey)), say: 'the same port is there twice' },
  {
    at: 'ports',
    wrong: ({ ports }) => ports.some((one, index) => ports.slice(index + 1).some((other) => overlap(one, other))),
    say: 'the policy takes no ranges that overlap',
  },
  {
    at: 'restore',
    wrong: ({ restore }) => restore.includes('/'),
    say: 'expected folders or files, not the whole system',
  },
];

/** What tells rules for files apart, as file_contexts writes it. */
export function fileKey({ path, files }: Pick<FileContext, 'path' | 'files'>): string {
  return KINDS[files] === '' ? path : `${path} ${KINDS[files]}`;
}

/** What tells rules for ports apart, such as `tcp 8081`. */
export function portKey({ port, protocol }: Pick<Port, 'port' | 'protocol'>): string {
  return `${protocol} ${port}`;
}

/** First and last port of a port or a range. */
export function boundsOf(port: string): readonly [number, number] {
  const [low = '', high = low] = port.split('-');
  return [Number(low), Number(high)];
}

function isRange(port: string): boolean {
  if (!/^\d{1,5}(?:-\d{1,5})?$/.test(port)) return false;
  const [low, high] = boundsOf(port);
  return low >= 1 && high <= 65_535 && low <= high && (low < high || !port.includes('-'));
}

function overlap(one: Port, other: Port): boolean {
  const [low, high] = boundsOf(one.port);
  const [from, to] = boundsOf(other.port);
  const areKept = one.state === 'present' && other.state === 'present' && portKey(one) !== portKey(other);
  return areKept && one.protocol === other.protocol && low <= to && from <= high;
}

function hasTwins(keys: readonly string[]): boolean {
  return new Set(keys).size < keys.length;
}

/** The wish of the `selinux` module. */
export const Params = Shape.superRefine(obey(RULES));
/** The wish of the `selinux` module. */
export type Params = z.infer<typeof Params>;
