import { z } from 'zod';
import type { Answer } from '../../core/answer.ts';
import { fault } from '../../core/problem.ts';
import { parseEngine, type Engine } from './engine.ts';

/** A container as its engine describes it; what podman and docker both say. */
export interface ContainerSeen {
  readonly id: string;
  /** Id of the image without `sha256:`. */
  readonly image: string;
  /** created, running, paused, exited, dead and more. */
  readonly status: string;
  readonly exitCode: number;
  /** starting, healthy, unhealthy; empty where nothing looks after it. */
  readonly health: string;
  readonly labels: Readonly<Record<string, string>>;
}

/** An image of the host. */
export interface ImageSeen {
  readonly id: string;
  readonly digests: readonly string[];
  readonly labels: Readonly<Record<string, string>>;
}

/** What systemd says of a unit, by property; a property it does not have is absent. */
export type UnitSeen = ReadonlyMap<string, string>;

/** What `container_service` knows of a host. */
export interface Have {
  /** The first of the wished engines that is there. */
  readonly engine: Engine | undefined;
  readonly lacksSystemd: boolean;
  /** /etc cannot be written by this user. */
  readonly closed: boolean;
  /** The daemon of docker does not answer, so nothing is known of containers. */
  readonly down: boolean;
  readonly hasQuadlet: boolean;
  readonly files: { readonly quadlet: string | undefined; readonly plain: string | undefined };
  readonly unit: UnitSeen;
  /** The native unit of `migrate`. */
  readonly from: UnitSeen;
  readonly hasHome: boolean;
  readonly isSetUp: boolean;
  /** sha256 by file name of the kept secrets. */
  readonly secrets: ReadonlyMap<string, string>;
  /** folder, file, other or absent, by path of the mounts. */
  readonly paths: ReadonlyMap<string, string>;
  /** The same for what a setup creates. */
  readonly created: ReadonlyMap<string, string>;
  readonly container: ContainerSeen | undefined;
  readonly image: ImageSeen | undefined;
  readonly volumes: readonly string[];
  /** The atomic tool is there. */
  readonly hasAtomic: boolean;
  /** The system container of that name, from what the atomic tool noted. */
  readonly system: SystemContainer | undefined;
  /** For whom each was made by copse (empty otherwise), and the containers in it. */
  readonly networks: ReadonlyMap<string, Shared>;
  readonly pods: ReadonlyMap<string, Shared>;
}

/** A system container of the atomic tool. */
export interface SystemContainer {
  readonly image: string;
  readonly values: Readonly<Record<string, string>>;
}

/** A network or pod, which more than one container may use. */
export interface Shared {
  readonly madeFor: string;
  readonly users: readonly string[];
}

const Labels = z.record(z.string(), z.string()).nullish();

const Container = z.object({
  Id: z.string(),
  Image: z.string(),
  State: z.object({
    Status: z.string(),
    ExitCode: z.number(),
    Health: z.object({ Status: z.string() }).nullish(),
  }),
  Config: z.object({ Labels }).nullish(),
});

const Image = z.object({
  Id: z.string(),
  RepoDigests: z.array(z.string()).nullish(),
  Config: z.object({ Labels }).nullish(),
});

const Info = z.object({ image: z.string(), values: z.record(z.string(), z.string()).nullish() });

/** A container from what podman (0.x to 6) or docker print for it: the whole of `inspect`, or the part that is asked for. */
export function parseContainer(text: string): ContainerSeen {
  const { Id, Image: image, State, Config } = parsed(Container, text, 'a container');
  return {
    id: Id,
    image: bare(image),
    status: State.Status,
    exitCode: State.ExitCode,
    health: State.Health?.Status ?? '',
    labels: Config?.Labels ?? {},
  };
}

/** An image from what `image inspect` prints for it. */
export function parseImage(text: string): ImageSeen {
  const { Id, RepoDigests, Config } = parsed(Image, text, 'an image');
  return {
    id: bare(Id),
    digests: (RepoDigests ?? []).map((one) => one.slice(one.indexOf('@') + 1)),
    labels: Config?.Labels ?? {},
  };
}

// Docker writes ids with the name of the digest, podman without.
function bare(id: string): string {
  return id.replace(/^sha256:/, '');
}

function parsed<T>(schema: z.ZodType<T>, text: string, what: string): T {
  let json: unknown;
  try {
    json = JSON.parse(text);
  } catch {
    json = undefined;
  }
  // The whole output of inspect is a list of one.
  const result = schema.safeParse(Array.isArray(json) ? json[0] : json);
  if (result.success) return result.data;
  const at = result.error.issues[0]?.path.join('.') ?? '';
  throw fault({ code: 'E_ANSWER', message: `expected the description of ${what}, found something else at "${at}"` });
}

/** What the answer to `ask` means. */
export function read(answer: Answer | undefined): Have {
  if (answer?.code !== 0) {
    const found = answer === undefined ? 'nothing' : `exit ${answer.code}: ${answer.stderr.trim().slice(0, 200)}`;
    throw fault({ code: 'E_ANSWER', message: `expected a description of the container's host, found ${found}` });
  }
  const lines = answer.stdout.split('\n');
  const all = (key: string): string[] =>
    lines.filter((line) => line.startsWith(`${key} `)).map((line) => line.slice(key.length + 1));
  const text = (key: string): string | undefined => all(key).map(fromBase64)[0];
  const [container] = all('container');
  const [image] = all('image');
  const [info] = all('info');
  const [unread] = all('unread');
  if (unread !== undefined) {
    throw fault({
      code: 'E_ANSWER',
      message: `the ${unread} is there, but this engine does not describe it as expected`,
    });
  }
  const noted = info === undefined ? undefined : parsed(Info, info, 'a system container');
  return {
    engine: all('engine').map(parseEngine)[0],
    lacksSystemd: all('lacks').includes('systemctl'),
    closed: all('closed').includes('yes'),
    down: all('down').includes('yes'),
    hasQuadlet: all('quadlet').includes('yes'),
    files: { quadlet: text('quadlet-file'), plain: text('plain-file') },
    unit: new Map(all('unit').map((line) => splitAt(line, '='))),
    from: new Map(all('from').map((line) => splitAt(line, '='))),
    hasHome: all('home').includes('yes'),
    isSetUp: all('setup').includes('yes'),
    secrets: new Map(all('secret').map((line) => [line.slice(65), line.slice(0, 64)])),
    paths: new Map(all('path').map((line) => swap(splitAt(line, ' ')))),
    created: new Map(all('created').map((line) => swap(splitAt(line, ' ')))),
    container: container === undefined ? undefined : parseContainer(container),
    image: image === undefined ? undefined : parseImage(image),
    volumes: all('volume'),
    hasAtomic: all('atomic').includes('yes'),
    system: noted === undefined ? undefined : { image: noted.image, values: noted.values ?? {} },
    networks: sharedOf(all('network'), all('network-user')),
    pods: sharedOf(all('pod'), all('pod-user')),
  };
}

function sharedOf(made: readonly string[], used: readonly string[]): ReadonlyMap<string, Shared> {
  return new Map(
    made.map((line) => {
      const [name, owner] = splitAt(line, ' ');
      const users = used.map((one) => splitAt(one, ' ')).filter(([of]) => of === name);
      return [name, { madeFor: owner === '<no value>' ? '' : owner, users: users.map(([, user]) => user) }];
    }),
  );
}

function splitAt(line: string, mark: string): [string, string] {
  const at = line.indexOf(mark);
  return at === -1 ? [line, ''] : [line.slice(0, at), line.slice(at + 1)];
}

function swap([first, second]: [string, string]): [string, string] {
  return [second, first];
}

function fromBase64(text: string): string {
  return Buffer.from(text, 'base64').toString('utf8');
}
