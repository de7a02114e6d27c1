import type { Terminal } from './streams.ts';

/** What a command does: its exit status comes out. */
export type Action = (terminal: Terminal) => Promise<number>;
