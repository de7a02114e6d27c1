import { existsSync, readdirSync, readFileSync } from 'node:fs';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import type { Step } from '../../src/core/step.ts';
import { Secret } from '../../src/core/secret.ts';
import { parseLabel, splitWords } from '../../src/modules/container-service/label.ts';
import { parse as parseMount } from '../../src/modules/container-service/mount-schema.ts';
import { unitWord } from '../../src/modules/unit-words.ts';
import { parseContainer, parseImage } from '../../src/modules/container-service/state.ts';
import { containerService as module } from '../../src/modules/container-service/index.ts';
import { answerOf, applyTo, contextOn, emptyHost, type ModelHost } from './container-service-model.ts';

const text = fc
  .oneof(fc.string(), fc.constantFrom('%h $HOME "x" \\', ';', "'; reboot #", '`id`'))
  .filter((one) => !/[\0-\x08\n-\x1f\x7f]/.test(one));
const name = fc.constantFrom('a', 'b.c', 'd-e_f');

const wish = fc.record(
  {
    image: fc.constantFrom('quay.io/o/a:1', 'quay.io/o/a:2', `quay.io/o/a@sha256:${'a'.repeat(64)}`),
    unit: fc.constantFrom('auto', 'plain'),
    command: fc.array(
      text.filter((one) => one !== ';'),
      { maxLength: 3 },
    ),
    environment: fc.dictionary(fc.constantFrom('A', 'B'), text),
    labels: fc.dictionary(fc.constantFrom('x', 'y.z'), text),
    secrets: fc.uniqueArray(
      fc.record({
        name,
        value: fc.constantFrom(new Secret('1'), new Secret('2')),
        env: fc.constantFrom('E', undefined),
      }),
      { selector: (one) => one.name, maxLength: 3 },
    ),
    mounts: fc.uniqueArray(
      fc.oneof(
        fc.record({
          source: fc.constantFrom('/srv/a', '/srv/b/'),
          target: fc.constantFrom('/x', '/y'),
          create: fc.constant('folder'),
        }),
        fc.record({ source: fc.constantFrom('data', 'more'), target: fc.constantFrom('/x', '/z') }),
      ),
      { selector: (one) => one.target, maxLength: 3 },
    ),
    networks: fc.uniqueArray(fc.record({ name }), { selector: (one) => one.name, maxLength: 2 }),
    privileged: fc.boolean(),
    enabled: fc.boolean(),
    user: fc.constantFrom('0', 'app:app'),
    health: fc.constantFrom({ command: 'true' }, { command: 'exit "$?" % 2', interval: '5s' }),
    setup: fc.constantFrom({ command: ['/bin/install.sh'] }, { command: ['/i'], host_data: ['/etc/app'] }),
    state: fc.constantFrom('started', 'stopped'),
  },
  { requiredKeys: ['image'] },
);

const host = fc.constantFrom(['podman', '5.4.2'], ['podman', '4.4.1'], ['podman', '4.3.1'], ['podman', '1.6.4'], [
  'docker',
  '26.1.5',
] as const);

function steps(on: ModelHost, params: unknown): readonly Step[] {
  const want = module.params.parse(params);
  const context = contextOn();
  const change = module.plan(
    want,
    module.read(answerOf(on, module.probe(want, context)['host']), want, context),
    context,
  );
  if ('refuse' in change) throw new Error(change.refuse);
  return change.steps;
}

function converge(on: ModelHost, params: unknown): void {
  for (const step of steps(on, params)) applyTo(on, step);
}

describe('whatever is wished', () => {
  it('is so after the plan, whatever was there before', () => {
    fc.assert(
      fc.property(host, wish, wish, ([engine, version], first, second) => {
        const on = emptyHost(engine === 'docker' ? 'docker' : 'podman', version);
        converge(on, { name: 'app', ...first });
        expect(steps(on, { name: 'app', ...first })).toEqual([]);
        converge(on, { name: 'app', ...second });
        expect(steps(on, { name: 'app', ...second })).toEqual([]);
      }),
      { numRuns: 300 },
    );
  });

  it('leaves nothing of its own behind when it goes', () => {
    fc.assert(
      fc.property(host, wish, ([engine, version], first) => {
        const on = emptyHost(engine === 'docker' ? 'docker' : 'podman', version);
        const { state: _, ...params } = { name: 'app', ...first };
        converge(on, params);
        const gone = { ...params, state: 'absent' };
        converge(on, gone);
        expect(steps(on, gone)).toEqual([]);
        const { files, secrets, networks, container, loaded, setUp, enabled } = on;
        const left = {
          files: files.size,
          secrets: secrets.size,
          networks: networks.size,
          container,
          loaded,
          setUp,
          enabled,
        };
        expect(left).toEqual({
          files: 0,
          secrets: 0,
          networks: 0,
          container: undefined,
          loaded: undefined,
          setUp: false,
          enabled: false,
        });
      }),
    );
  });

  it('shows a secret nowhere: not in a unit, not in a word', () => {
    fc.assert(
      fc.property(host, wish, fc.stringMatching(/^[a-z]{12,20}$/), ([engine, version], first, value) => {
        const on = emptyHost(engine === 'docker' ? 'docker' : 'podman', version);
        const setup = { command: ['/bin/install.sh'], secret: { value: new Secret(value), file: '/run/otp' } };
        const secrets = [
          { name: 's', value: new Secret(value) },
          { name: 't', value: new Secret(value), env: 'T' },
        ];
        const planned = steps(on, { name: 'app', ...first, setup, secrets });
        expect(JSON.stringify(planned)).not.toContain(value);
        expect(planned.some((step) => step.do === 'put' && step.content instanceof Secret)).toBe(true);
      }),
    );
  });

  it('makes a changed secret a new container, and a lost run is finished by the next', () => {
    const on = emptyHost('podman', '5.4.2');
    const params = (value: string): unknown => ({
      name: 'app',
      image: 'quay.io/o/a:1',
      secrets: [{ name: 's', value: new Secret(value) }],
    });
    converge(on, params('old'));
    const renewed = steps(on, params('new'));
    // The laptop dies after the secret was written.
    for (const step of renewed.slice(0, 2)) applyTo(on, step);
    const rest = steps(on, params('new'));
    for (const step of rest) applyTo(on, step);

    expect(renewed.slice(0, 2).map((step) => step.say)).toEqual([
      'make /etc/copse/containers/app for secrets',
      'write the secret s',
    ]);
    expect(rest.map((step) => step.say).at(-1)).toBe('remove secrets that are no longer used');
    expect([...on.secrets.keys()]).toEqual(['s@2']);
  });
});

describe('a label', () => {
  const values = { NAME: 'sssd', IMAGE: 'docker.io/fedora/sssd:latest', HOST: '/host' };

  it.each([
    [
      'docker run --rm=true --privileged --net=host -v /:/host -e NAME=${NAME} -e IMAGE=${IMAGE} -e HOST=/host ${IMAGE} /bin/install.sh',
      [
        '--privileged',
        '--network=host',
        '--volume=/:/host',
        '--env=NAME=sssd',
        '--env=IMAGE=docker.io/fedora/sssd:latest',
        '--env=HOST=/host',
      ],
      ['/bin/install.sh'],
    ],
    ['/usr/bin/docker run -d --restart=always --name ${NAME} -it IMAGE /bin/run.sh', [], ['/bin/run.sh']],
    [
      'podman run --name=NAME -e A=${B:-c} -e X=$Y --security-opt label:type:sssd_t ${OPT1} $IMAGE',
      ['--env=A=c', '--env=X=', '--security-opt=label=type:sssd_t'],
      [],
    ],
    ['docker run -e \'A=two words\' "$IMAGE" sh -c "echo \\"x\\""', ['--env=A=two words'], ['sh', '-c', 'echo "x"']],
  ] as [string, string[], string[]][])('is taken apart: %s', (label, options, command) => {
    expect(parseLabel(label, values)).toEqual({ options, command });
  });

  it.each([
    ['rm -rf /', 'expected "docker run ..." or "podman run ...", found "rm -rf"'],
    ['docker run "open IMAGE', 'a quotation in it has no end'],
    ['docker run other/image', 'it does not name its own image as IMAGE or ${IMAGE}'],
    ['docker run IMAGE a ; reboot', 'a lone ";" would end the command for systemd'],
    ['docker kill -s TERM ${NAME}', 'expected "docker run ..." or "podman run ...", found "docker kill"'],
  ])('is refused: %s', (label, wrong) => {
    expect(parseLabel(label, values)).toEqual({ wrong });
  });

  it('is split like a shell splits plain words', () => {
    fc.assert(
      fc.property(fc.array(fc.stringMatching(/^[a-z$%"\\ ;]{0,6}$/)), (words) => {
        const line = words.map((word) => `'${word}'`).join(' ');
        expect(splitWords(line)).toEqual(words);
      }),
    );
  });
});

it.each([
  ['/etc/ipa/:/etc/ipa/:ro', { source: '/etc/ipa/', target: '/etc/ipa/', mode: 'ro', relabel: 'none', create: 'no' }],
  ['data:/x:Z', { source: 'data', target: '/x', mode: 'rw', relabel: 'private', create: 'no' }],
  ['/a', { source: '/a', target: undefined, mode: 'rw', relabel: 'none', create: 'no' }],
  ['/a:/b:ro,rslave', undefined],
  ['/a b:/c', undefined],
  ['../a:/c', undefined],
  ['/a:/b:ro:x', undefined],
])('reads the mount %s', (written, expected) => {
  expect(parseMount(written)).toEqual(expected);
});

it.each([
  ['plain', 'plain'],
  ['two words', '"two words"'],
  ['100%', '100%%'],
  ['$HOME', '$$HOME'],
  ['a"b\\', '"a\\"b\\\\"'],
  [';', '";"'],
  ['', '""'],
  ["it's", '"it\'s"'],
])('quotes a word for a unit: %s', (word, expected) => {
  expect(unitWord(word)).toBe(expected);
});

const fixtures = new URL('../../../shared/fixtures/podman/', import.meta.url).pathname;

interface Fixture {
  readonly file: string;
  readonly cmd: string;
  readonly rc: number;
  readonly stdout: string;
}

function fixturesOf(command: RegExp): Fixture[] {
  return ['podman-5.4.2', 'podman-4.3.1', 'docker-26.1.5']
    .flatMap((folder) => readdirSync(fixtures + folder).map((name) => `${folder}/${name}`))
    .filter((file) => file.endsWith('.json'))
    .map((file): Fixture => ({ ...(JSON.parse(readFileSync(fixtures + file, 'utf8')) as Fixture), file }))
    .filter(({ cmd }) => command.test(cmd));
}

describe.skipIf(!existsSync(fixtures))('what real engines printed (fixtures of the workplace)', () => {
  it('is read as containers, as it was captured', () => {
    const inspected = fixturesOf(/^(?:podman|docker) inspect (?!-)/).filter(({ rc }) => rc === 0);
    const seen = inspected.map(({ file, stdout }) => {
      const { id, image, status, exitCode, health, labels } = parseContainer(stdout);
      const isWhole = /^[0-9a-f]{64}$/.test(id) && /^[0-9a-f]{64}$/.test(image) && typeof labels === 'object';
      return `${file}: ${isWhole ? 'whole' : 'broken'}, ${status} ${exitCode} ${health}`.trim();
    });

    expect(seen).toEqual([
      'podman-5.4.2/032-runlabel-inspect.json: whole, running 0',
      'podman-5.4.2/052-inspect-unhealthy.json: whole, running 0 unhealthy',
      'podman-5.4.2/055-inspect-healthy.json: whole, running 0 healthy',
      'podman-5.4.2/060-inspect-exited.json: whole, exited 7',
      'podman-5.4.2/061-inspect-created.json: whole, created 0',
      'podman-5.4.2/083-plain-inspect.json: whole, running 0',
      'podman-5.4.2/103-quadlet-inspect.json: whole, running 0 healthy',
      'podman-4.3.1/032-runlabel-inspect.json: whole, running 0',
      'podman-4.3.1/052-inspect-unhealthy.json: whole, running 0 unhealthy',
      'podman-4.3.1/055-inspect-healthy.json: whole, running 0 healthy',
      'podman-4.3.1/060-inspect-exited.json: whole, exited 7',
      'podman-4.3.1/061-inspect-created.json: whole, created 0',
      'podman-4.3.1/083-plain-inspect.json: whole, running 0',
      'docker-26.1.5/143-docker-inspect.json: whole, running 0 unhealthy',
    ]);
  });

  it('is read as images with the labels of the talk', () => {
    const inspected = fixturesOf(/^(?:podman|docker) image inspect (?!-)/).filter(({ rc }) => rc === 0);
    const seen = inspected.map(({ file, stdout }) => {
      const { id, digests, labels } = parseImage(stdout);
      const values = { NAME: 'sysd', IMAGE: 'localhost/sysd:1.1', OPT1: '--opt' };
      const phases = ['INSTALL', 'RUN', 'UNINSTALL'].map((name) => {
        const parts = parseLabel(labels[name] ?? '', values);
        return 'wrong' in parts ? parts.wrong : [...parts.options, '|', ...parts.command].join(' ');
      });
      return [`${file}: ${id.slice(0, 12)}, ${digests.length} digests`, phases];
    });
    const known = '--env=NAME=sysd --env=IMAGE=localhost/sysd:1.1';
    const host = `--privileged --network=host --volume=/:/host --env=HOST=/host ${known}`;
    const talk = [
      `${host} --opt | /bin/install.sh`,
      `--privileged --network=host ${known} --volume=/etc/sysd/:/etc/sysd/:ro --volume=/var/lib/sysd/:/var/lib/sysd/ | /bin/run.sh`,
      `${host} | /bin/uninstall.sh`,
    ];

    expect(seen).toEqual([
      ['podman-5.4.2/012-image-inspect.json: 30a2870a665f, 1 digests', talk],
      ['podman-4.3.1/012-image-inspect.json: 646b48a4cadf, 1 digests', talk],
      ['docker-26.1.5/140-docker-image-inspect.json: 221a9f1eeedb, 0 digests', talk],
    ]);
  });

  it('is an error, not an empty container, when there is none', () => {
    const missing = fixturesOf(/^(?:podman|docker) inspect nosuch$/);

    expect(missing.map(({ rc }) => rc === 0)).toEqual(missing.map(() => false));
    expect(missing.length).toBeGreaterThan(1);
    for (const { stdout } of missing) expect(() => parseContainer(stdout)).toThrow('description of a container');
  });
});
