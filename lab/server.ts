import { createReadStream } from 'node:fs';
import { stat } from 'node:fs/promises';
import { createServer, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { join, normalize } from 'node:path';

/** A running HTTP server of one folder. */
export interface FileServer {
  readonly port: number;
  close(): Promise<void>;
}

/** Serves the files of a folder on the host's loopback, where machines see them at 10.0.2.2. Port 0 takes a free one. */
export async function serve(folder: string, port = 0): Promise<FileServer> {
  const server = createServer((request, response) => {
    const path = normalize(decodeURIComponent((request.url ?? '/').split('?')[0] ?? '/'));
    const file = join(folder, path);
    stat(file)
      .then((found) => {
        if (!found.isFile()) throw new Error('not a file');
        response.writeHead(200, { 'content-length': found.size });
        if (request.method === 'HEAD') response.end();
        else createReadStream(file).pipe(response);
      })
      .catch(() => response.writeHead(404).end());
  });
  await new Promise<void>((listening, failed) => {
    server.once('error', failed).listen(port, '127.0.0.1', listening);
  });
  return { port: (server.address() as AddressInfo).port, close: () => closed(server) };
}

function closed(server: Server): Promise<void> {
  return new Promise((done) => {
    server.close(() => done());
    server.closeAllConnections();
  });
}
