import { spawn } from 'node:child_process';
import { createRequire } from 'node:module';
import { dirname, join } from 'node:path';
import { z } from 'zod';

const require = createRequire(import.meta.url);

/** One mistake as an editor would underline it. */
export interface Diagnostic {
  readonly message: string;
  readonly line: number;
}

/** A YAML language server, spoken to as an editor does. */
export interface LanguageServer {
  diagnose(name: string, text: string): Promise<readonly Diagnostic[]>;
  /** Labels offered at a place; line and column count from 0. */
  complete(name: string, text: string, line: number, character: number): Promise<readonly string[]>;
  hover(name: string, text: string, line: number, character: number): Promise<string>;
  stop(): void;
}

interface Message {
  readonly id?: number;
  readonly method?: string;
  readonly params?: unknown;
  readonly result?: unknown;
}

/** What of the protocol is read, so that a server that says something else fails the test plainly. */
const Published = z.object({
  uri: z.string(),
  diagnostics: z.array(z.object({ message: z.string(), range: z.object({ start: z.object({ line: z.number() }) }) })),
});
const Completion = z.object({ items: z.array(z.object({ label: z.string() })) });
const Hover = z.object({ contents: z.object({ value: z.string() }) }).nullable();
const Configuration = z.object({ items: z.array(z.object({ section: z.string().optional() })) });

/** Starts the server; schemas are given as text by the pattern of the files they are for. */
export async function startLanguageServer(schemas: Readonly<Record<string, string>>): Promise<LanguageServer> {
  const home = dirname(require.resolve('yaml-language-server/package.json'));
  const child = spawn(process.execPath, [join(home, 'bin', 'yaml-language-server'), '--stdio'], {
    stdio: ['pipe', 'pipe', 'ignore'],
  });
  const waiting = new Map<number, (result: unknown) => void>();
  const published = new Map<string, (found: readonly Diagnostic[]) => void>();
  let next = 1;
  const send = (message: object) => {
    const body = JSON.stringify({ jsonrpc: '2.0', ...message });
    child.stdin.write(`Content-Length: ${Buffer.byteLength(body)}\r\n\r\n${body}`);
  };
  const request = (method: string, params: object) =>
    new Promise<unknown>((resolve) => {
      const id = next;
      next += 1;
      waiting.set(id, resolve);
      send({ id, method, params });
    });
  const settings = {
    yaml: {
      schemas: Object.fromEntries(Object.keys(schemas).map((pattern) => [`test://${pattern}`, [pattern]])),
      validate: true,
      completion: true,
      hover: true,
      schemaStore: { enable: false },
    },
  };
  const receive = ({ id, method, params, result }: Message) => {
    if (method === undefined) return waiting.get(id ?? 0)?.(result);
    if (method === 'textDocument/publishDiagnostics') {
      const { uri, diagnostics } = Published.parse(params);
      published.get(uri)?.(diagnostics.map(({ message, range }) => ({ message, line: range.start.line + 1 })));
    } else if (id !== undefined) send({ id, result: answer(method, params, settings, schemas) });
  };
  listen(child.stdout, receive);
  await request('initialize', {
    processId: process.pid,
    rootUri: null,
    capabilities: { workspace: { configuration: true }, textDocument: { hover: { contentFormat: ['plaintext'] } } },
  });
  send({ method: 'initialized', params: {} });
  send({ method: 'workspace/didChangeConfiguration', params: { settings } });
  let version = 0;
  const open = (name: string, text: string): Promise<readonly Diagnostic[]> => {
    const uri = `file:///work/${(version += 1)}/${name}`;
    return new Promise((resolve) => {
      published.set(uri, resolve);
      send({ method: 'textDocument/didOpen', params: { textDocument: { uri, languageId: 'yaml', version: 1, text } } });
    });
  };
  const at = (name: string, line: number, character: number) => ({
    textDocument: { uri: `file:///work/${version}/${name}` },
    position: { line, character },
  });
  return {
    diagnose: open,
    async complete(name, text, line, character) {
      await open(name, text);
      const { items } = Completion.parse(await request('textDocument/completion', at(name, line, character)));
      return items.map((item) => item.label);
    },
    async hover(name, text, line, character) {
      await open(name, text);
      return Hover.parse(await request('textDocument/hover', at(name, line, character)))?.contents.value ?? '';
    },
    stop: () => child.kill(),
  };
}

function answer(
  method: string,
  params: unknown,
  settings: { yaml: object },
  schemas: Readonly<Record<string, string>>,
): unknown {
  if (method === 'workspace/configuration')
    return Configuration.parse(params).items.map(({ section }) => (section === 'yaml' ? settings.yaml : null));
  if (method === 'custom/schema/content' || method === 'vscode/content')
    return schemas[String(params).replace('test://', '')];
  return null;
}

function listen(stream: NodeJS.ReadableStream, receive: (message: Message) => void): void {
  let buffer = Buffer.alloc(0);
  stream.on('data', (chunk: Buffer) => {
    buffer = Buffer.concat([buffer, chunk]);
    for (;;) {
      const head = /^Content-Length: (\d+)\r\n(?:[^\r\n]+\r\n)*\r\n/.exec(buffer.toString('latin1'));
      const size = Number(head?.[1] ?? 0);
      const start = head?.[0].length ?? 0;
      if (head === null || buffer.length < start + size) return;
      const body = buffer.subarray(start, start + size).toString('utf8');
      buffer = buffer.subarray(start + size);
      receive(JSON.parse(body) as Message);
    }
  });
}
