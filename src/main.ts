#!/usr/bin/env node
import { runCli } from './cli/program.ts';
import { processTerminal } from './cli/streams.ts';

// `copse run … | head` closes our pipe: the run goes on, and nobody reads what it says.
for (const stream of [process.stdout, process.stderr]) {
  stream.on('error', (error: NodeJS.ErrnoException) => {
    if (error.code !== 'EPIPE') throw error;
  });
}

process.exitCode = await runCli(process.argv, processTerminal());
// A connection that will not close must not keep a finished run alive.
const leave = setTimeout(() => process.exit(), 2000);
leave.unref();
