import { spawn, spawnSync } from 'node:child_process';
import { createHash } from 'node:crypto';
import { existsSync, mkdtempSync, readdirSync, readFileSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { createServer, type IncomingMessage, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { Command } from '../../src/core/command.ts';
import type { ModuleContext } from '../../src/core/module.ts';
import { Secret } from '../../src/core/secret.ts';
import type { StepResult } from '../../src/core/step.ts';
import { findModule } from '../../src/modules/index.ts';
import { sampleFacts } from './facts-sample.ts';
import { busyboxTools, localHost } from './local-host.ts';

const base = mkdtempSync(join(tmpdir(), 'copse-web-'));
const busybox = busyboxTools(join(base, 'busybox'));
const context: ModuleContext = { facts: sampleFacts(), check: false, run: 'r1' };
const DATA = Buffer.from(Array.from({ length: 50_000 }, (_, index) => index % 251));
const SUM = createHash('sha256').update(DATA).digest('hex');
const asked: string[] = [];

function answer(request: IncomingMessage, response: ServerResponse): void {
  const { range, authorization } = request.headers;
  asked.push([request.method, request.url, range, authorization].filter((one) => one !== undefined).join(' '));
  if (request.url === '/there') response.writeHead(302, { location: '/data' }).end();
  else if (request.url === '/json') {
    response.setHeader('content-type', 'application/json');
    request.pipe(response);
  } else if (request.url !== '/data') response.writeHead(404).end('no such thing');
  else if (range === undefined) response.end(DATA);
  else {
    const from = Number(/\d+/.exec(range)?.[0]);
    response.writeHead(206, { 'content-range': `bytes ${from}-${DATA.length - 1}/${DATA.length}` });
    response.end(DATA.subarray(from));
  }
}

const server = createServer(answer);
let origin = '';
beforeAll(async () => {
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  origin = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
});
afterAll(() => {
  server.close();
  rmSync(base, { recursive: true, force: true });
});

describe.skipIf(spawnSync('curl', ['--version']).status !== 0)('with the tools of this machine', () => {
  everything(process.env['PATH'] ?? '/usr/bin:/bin', true);
});

describe.skipIf(busybox === undefined)('with the tools of busybox', () => everything(busybox ?? '', false));

async function run({ argv, stdin }: Command, path: string): Promise<{ code: number; stdout: string; stderr: string }> {
  const [program, ...words] = argv;
  const child = spawn(program, words, { env: { PATH: path, LC_ALL: 'C' } });
  child.stdin.on('error', () => undefined);
  child.stdin.end(stdin instanceof Secret ? stdin.reveal() : (stdin ?? ''));
  const said = { stdout: '', stderr: '' };
  child.stdout.on('data', (data: Buffer) => (said.stdout += data.toString()));
  child.stderr.on('data', (data: Buffer) => (said.stderr += data.toString()));
  const code = await new Promise<number>((resolve) => child.on('close', (ended) => resolve(ended ?? 1)));
  return { code, ...said };
}

/** Asks, applies every step, asks again: what the steps said, how they failed, and what is left to do. */
async function converge(name: string, args: unknown, path: string) {
  const module = findModule(name)!;
  const want = module.params.parse(args);
  const host = localHost(path);
  const plan = () => module.plan(want, module.read(host.ask(module.probe(want, context)), want, context), context);
  const first = plan();
  if ('refuse' in first) return { refused: first.refuse };
  const done: StepResult[] = [];
  for (const step of first.steps) {
    if (step.do !== 'run' && step.do !== 'transaction') throw new Error(step.do);
    const ended = await run(step.command, path);
    if (ended.code !== 0) return { failed: step.explain?.(ended)?.message ?? ended.stderr };
    done.push({ step, changed: true, ...ended });
  }
  const have = module.read(host.ask(module.probe(want, context)), want, context);
  const left = module.kind === 'action' ? undefined : plan();
  return { steps: done.length, left, result: module.result?.(want, have, done, context) };
}

/** A path for a file in a new folder. */
function dest(): string {
  return join(mkdtempSync(join(base, 'to ')), "it's a file");
}

function everything(path: string, hasCurl: boolean): void {
  it('brings a file over a redirect, and asks for nothing when it is right', async () => {
    const file = dest();
    asked.splice(0);

    const first = await converge('get_url', { url: `${origin}/there`, dest: file, checksum: SUM, mode: '0640' }, path);
    const second = await converge('get_url', { url: `${origin}/there`, dest: file, checksum: SUM }, path);

    expect([first.steps, first.left, second.steps]).toEqual([1, { steps: [], diff: [], notes: [] }, 0]);
    expect([readFileSync(file).equals(DATA), statSync(file).mode & 0o777]).toEqual([true, 0o640]);
    expect(asked).toEqual(['GET /there', 'GET /data']);
    expect(readdirSync(join(file, '..'))).toEqual(["it's a file"]);
  });

  it('puts nothing in place that the checksum does not know', async () => {
    const file = dest();
    const wrong = '0'.repeat(64);

    const { failed } = await converge('get_url', { url: `${origin}/data`, dest: file, checksum: wrong }, path);

    expect(failed).toBe(
      `${origin}/data is not what the checksum says: expected sha256 ${wrong}, found ${SUM}; nothing was put in place`,
    );
    expect(readdirSync(join(file, '..'))).toEqual([]);
  });

  it('tells why nothing came, and leaves nothing behind', async () => {
    const file = dest();

    const { failed } = await converge('get_url', { url: `${origin}/no`, dest: file }, path);

    expect(failed).toContain(`${origin}/no was not brought: `);
    expect(failed).toContain('404');
    expect(readdirSync(join(file, '..'))).toEqual([]);
  });

  if (hasCurl) onlyCurl(path);
  else onlyWget(path);
}

function onlyWget(path: string): void {
  it('refuses headers where only wget is there', async () => {
    const { refused } = await converge('get_url', { url: `${origin}/data`, dest: dest(), headers: { X: 'y' } }, path);

    expect(refused).toBe('the host has no curl, which "headers" need');
  });
}

function onlyCurl(path: string): void {
  it('goes on where a download broke off, and begins anew where the piece was wrong', async () => {
    const file = dest();
    const part = join(file, '..', `.it's a file.copse-part-${SUM.slice(0, 8)}`);
    asked.splice(0);

    writeFileSync(part, DATA.subarray(0, 20_000));
    const gone = await converge('get_url', { url: `${origin}/data`, dest: file, checksum: SUM }, path);
    rmSync(file);
    writeFileSync(part, Buffer.alloc(20_000));
    const wrong = await converge('get_url', { url: `${origin}/data`, dest: file, checksum: SUM }, path);
    const again = await converge('get_url', { url: `${origin}/data`, dest: file, checksum: SUM }, path);

    expect([gone.steps, typeof wrong.failed, again.steps]).toEqual([1, 'string', 1]);
    expect(asked).toEqual(['GET /data bytes=20000-', 'GET /data bytes=20000-', 'GET /data']);
    expect([readFileSync(file).equals(DATA), existsSync(part)]).toEqual([true, false]);
  });

  it('sends a secret header whole', async () => {
    asked.splice(0);
    const headers = { Authorization: new Secret('Bearer "a\\b" $(id)') };

    const { steps } = await converge('get_url', { url: `${origin}/data`, dest: dest(), headers }, path);

    expect([steps, asked]).toEqual([1, ['GET /data Bearer "a\\b" $(id)']]);
  });

  it('sends a body as it is, and reads the answer as text and as JSON', async () => {
    const body = '{"a": ["\\"\\n", "ä $(id) @x"]}\n\n';
    const want = { url: `${origin}/json`, method: 'POST', body };

    const plain = await converge('http', want, path);
    const secret = await converge('http', { ...want, body: new Secret(body) }, path);

    const result = { status: 200, content_type: 'application/json', json: { a: ['"\n', 'ä $(id) @x'] } };
    expect(plain.result).toEqual({ ...result, body });
    expect(secret.result).toEqual(plain.result);
  });

  it('tells a status that was not expected, and takes one that was', async () => {
    const wrong = await converge('http', { url: `${origin}/no` }, path);
    const right = await converge('http', { url: `${origin}/no`, status: 404 }, path);
    const nobody = await converge('http', { url: 'http://127.0.0.1:1/', timeout: '2s' }, path);

    expect(wrong.failed).toBe(`GET ${origin}/no answered 404, expected 2xx: no such thing`);
    expect(right.result).toEqual({ status: 404, content_type: '', body: 'no such thing', json: null });
    expect(nobody.failed).toContain('GET http://127.0.0.1:1/ failed: curl: (7)');
  });
}
