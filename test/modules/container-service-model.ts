import type { Answers } from '../../src/core/answer.ts';
import type { Command } from '../../src/core/command.ts';
import type { ModuleContext } from '../../src/core/module.ts';
import { Secret } from '../../src/core/secret.ts';
import type { Step } from '../../src/core/step.ts';
import { sampleFacts } from './facts-sample.ts';

/** A host in the eyes of `container_service`, as little of it as the module can see. */
export interface ModelHost {
  readonly engine: 'podman' | 'docker';
  readonly version: string;
  readonly files: Map<string, string>;
  readonly secrets: Map<string, string>;
  readonly folders: Set<string>;
  readonly networks: Map<string, string>;
  readonly pods: Map<string, string>;
  readonly volumes: Set<string>;
  image: boolean;
  setUp: boolean;
  enabled: boolean;
  /** The unit systemd knows, by its file, and the text it read. */
  loaded: { readonly path: string; readonly text: string } | undefined;
  container: { readonly spec: string } | undefined;
}

/** An empty host. */
export function emptyHost(engine: ModelHost['engine'], version: string): ModelHost {
  const empty = {
    files: new Map(),
    secrets: new Map(),
    folders: new Set<string>(),
    networks: new Map(),
    pods: new Map(),
  };
  return {
    engine,
    version,
    ...empty,
    volumes: new Set(),
    image: false,
    setUp: false,
    enabled: false,
    loaded: undefined,
    container: undefined,
  };
}

/** The context a module thinks in. */
export function contextOn(check = false): ModuleContext {
  return { facts: sampleFacts(), check, run: 'r1' };
}

/** What the host answers to the question. */
export function answerOf(host: ModelHost, question: Command | undefined): Answers {
  const [, , , , , name = '', , , , quadlet = '', plain = '', ...items] = question?.argv ?? [];
  const base64 = (path: string): string => Buffer.from(host.files.get(path) ?? '').toString('base64');
  const asked = items.map((item) => [item.slice(0, 1), item.slice(2)] as const);
  const of = (kind: string): string[] => asked.filter(([one]) => one === kind).map(([, value]) => value);
  const { loaded, container } = host;
  const lines = [
    `engine /usr/bin/${host.engine} ${host.engine} version ${host.version}`,
    host.engine === 'podman' ? 'quadlet yes' : '',
    host.files.has(quadlet) ? `quadlet-file ${base64(quadlet)}` : '',
    host.files.has(plain) ? `plain-file ${base64(plain)}` : '',
    `unit LoadState=${loaded === undefined ? 'not-found' : 'loaded'}`,
    `unit ActiveState=${container === undefined ? 'inactive' : 'active'}`,
    `unit SourcePath=${loaded?.path === quadlet ? quadlet : ''}`,
    `unit FragmentPath=${loaded?.path === plain ? plain : ''}`,
    `unit UnitFileState=${loaded?.path === quadlet ? 'generated' : host.enabled ? 'enabled' : ''}`,
    `unit NeedDaemonReload=${loaded !== undefined && host.files.get(loaded.path) !== loaded.text ? 'yes' : 'no'}`,
    host.secrets.size > 0 || host.setUp ? 'home yes' : '',
    host.setUp ? 'setup yes' : '',
    ...[...host.secrets].map(([file, sha]) => `secret ${sha} ${file}`),
    ...of('m').map((path) => `path ${host.folders.has(path.replace(/(?<=.)\/$/, '')) ? 'folder' : 'absent'} ${path}`),
    ...of('v')
      .filter((one) => host.volumes.has(one))
      .map((one) => `volume ${one}`),
    ...of('n')
      .filter((one) => host.networks.has(one))
      .map((one) => `network ${one} ${host.networks.get(one) ?? ''}`),
    ...of('p')
      .filter((one) => host.pods.has(one))
      .map((one) => `pod ${one} ${host.pods.get(one) ?? ''}`),
    container === undefined
      ? ''
      : `container {"Id":"c","Image":"i1","State":{"Status":"running","ExitCode":0},"Config":{"Labels":{"copse.spec":"${container.spec}"}}}`,
    host.image
      ? `image {"Id":"${host.engine === 'docker' ? 'sha256:' : ''}i1","RepoDigests":[],"Config":{"Labels":null}}`
      : '',
    name === '' ? 'no name' : '',
  ];
  const stdout = `${lines.filter((line) => line !== '').join('\n')}\n`;
  return { host: { code: 0, stdout, stderr: '', bytes: new TextEncoder().encode(stdout) } };
}

/** Applies a step as tools would; a step the model does not know is an error. */
export function applyTo(host: ModelHost, step: Step): void {
  if (step.do === 'put') return put(host, step.path, step.content);
  if (step.do === 'wait') return undefined;
  if (step.do === 'reboot') throw new Error('a container needs no reboot');
  const [program, flag, text = '', , ...values] = step.command.argv;
  return program === 'sh' && flag === '-c'
    ? applyScript(host, step.say, text, values)
    : applyWords(host, step.command.argv);
}

function put(host: ModelHost, path: string, content: unknown): void {
  const secret = /\/secrets\/([^/]+)$/.exec(path)?.[1];
  if (secret === undefined) host.files.set(path, String(content));
  else host.secrets.set(secret, content instanceof Secret ? content.sha256() : '');
}

function applyScript(host: ModelHost, say: string, text: string, values: readonly string[]): void {
  if (say.startsWith('make the variable')) {
    const file = values[0]?.split('/').at(-1) ?? '';
    host.secrets.set(`${file}.env`, 'f'.repeat(64));
  } else if (say.startsWith('run the setup')) host.setUp = true;
  else if (text.startsWith('systemctl daemon-reload')) reload(host, values[0] ?? '');
  else if (say.startsWith('start ') || (say.startsWith('restart ') && host.container === undefined)) start(host);
  else if (!/^(?:let podman check|look whether|restart |run the uninstall)/.test(say))
    throw new Error(`not modelled: ${say}`);
}

function reload(host: ModelHost, unit: string): void {
  const name = unit.replace(/\.service$/, '');
  const path = [`/etc/systemd/system/${name}.service`, `/etc/containers/systemd/${name}.container`].find((one) =>
    host.files.has(one),
  );
  host.loaded = path === undefined ? undefined : { path, text: host.files.get(path) ?? '' };
}

function start(host: ModelHost): void {
  const text = host.loaded?.text ?? '';
  const spec = /copse\.spec=([0-9a-f]{64})/.exec(text)?.[1];
  if (spec === undefined || !host.image) throw new Error('systemd was to start what it does not know');
  for (const [, secret = ''] of text.matchAll(/\/etc\/copse\/containers\/app\/secrets\/([^:\s"]+)/g)) {
    if (!host.secrets.has(secret)) throw new Error(`the secret ${secret} is not there`);
  }
  host.container = { spec };
}

function applyWords(host: ModelHost, argv: readonly string[]): void {
  const words = argv.join(' ').replace(/^\/usr\/bin\//, '');
  const last = argv.at(-1) ?? '';
  const owner = /--label=copse\.for=(\S+)/.exec(words)?.[1] ?? '';
  const known: readonly (readonly [RegExp, () => unknown])[] = [
    [/^install -d -m 0700/, () => undefined],
    [/^install -[dD] /, () => host.folders.add(last)],
    [/^\w+ network create/, () => host.networks.set(last, owner)],
    [/^\w+ pod create/, () => host.pods.set(/--name=(\S+)/.exec(words)?.[1] ?? '', owner)],
    [/^\w+ pull/, () => (host.image = true)],
    [/^systemctl enable/, () => (host.enabled = true)],
    [/^systemctl disable/, () => (host.enabled = false)],
    [/^systemctl stop/, () => (host.container = undefined)],
    [
      /^systemctl daemon-reload/,
      () => (host.loaded = host.loaded !== undefined && host.files.has(host.loaded.path) ? host.loaded : undefined),
    ],
    [/^systemctl reset-failed/, () => undefined],
    [/^rm -rf/, () => [host.secrets.clear(), (host.setUp = false)]],
    [/^rm -f -- .*\/secrets\//, () => argv.forEach((one) => host.secrets.delete(one.split('/').at(-1) ?? ''))],
    [/^rm -f/, () => host.files.delete(last)],
    [/^\w+ rm -f/, () => (host.container = undefined)],
    [/^\w+ volume rm/, () => host.volumes.delete(last)],
    [/^\w+ network rm/, () => host.networks.delete(last)],
    [/^\w+ pod rm/, () => host.pods.delete(last)],
    [/^\w+ rmi/, () => (host.image = false)],
  ];
  const [, act] = known.find(([form]) => form.test(words)) ?? [];
  if (act === undefined) throw new Error(`not modelled: ${words}`);
  act();
}
