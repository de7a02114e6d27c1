#!/usr/bin/env node
import { runCli } from './cli/program.ts';
import { processTerminal } from './cli/streams.ts';

process.exitCode = await runCli(process.argv, processTerminal());
// A connection that will not close must not keep a finished run alive.
const leave = setTimeout(() => process.exit(), 2000);
leave.unref();
