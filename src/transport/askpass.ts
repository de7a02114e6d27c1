import type { FSWatcher } from 'node:fs';
import { constants, watch } from 'node:fs';
import { mkdir, open, readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import type { Ask } from './person.ts';

/** A way for `ssh` to put its questions (passphrases, PINs, unknown host keys) to the person at copse. */
export interface Askpass {
  /** To be added to ssh's environment. */
  readonly env: Readonly<Record<string, string>>;
  end(): void;
}

// The question is a file that appears whole; the answer goes through a pipe, so that it is never on a disk.
const SCRIPT = `#!/bin/sh
[ "$SSH_ASKPASS_PROMPT" = none ] && exit 0
d=$COPSE_ASK
mkfifo -m 600 "$d/answer.$$" || exit 1
printf '%s' "$1" >"$d/draft.$$" && mv "$d/draft.$$" "$d/question.$$"
IFS= read -r answer <"$d/answer.$$"; status=$?
rm -f "$d/answer.$$" "$d/question.$$"
[ $status = 0 ] && printf '%s\\n' "$answer"
`;

/** Sets up the helper in a private folder that exists already. */
export async function askpass(folder: string, ask: Ask): Promise<Askpass> {
  const program = join(folder, 'askpass');
  const questions = join(folder, 'ask');
  await mkdir(questions, { mode: 0o700 });
  await writeFile(program, SCRIPT, { mode: 0o700 });
  const seen = new Set<string>();
  const watcher: FSWatcher = watch(questions, (_event, name) => {
    if (name === null || !name.startsWith('question.') || seen.has(name)) return;
    seen.add(name);
    void answer(questions, name, ask).catch(() => undefined);
  });
  watcher.on('error', () => undefined);
  return {
    env: {
      SSH_ASKPASS: program,
      SSH_ASKPASS_REQUIRE: 'force',
      COPSE_ASK: questions,
      DISPLAY: process.env['DISPLAY'] ?? ':',
    },
    end: () => watcher.close(),
  };
}

async function answer(folder: string, name: string, ask: Ask): Promise<void> {
  const prompt = await readFile(join(folder, name), 'utf8');
  // Nobody to answer is an empty pipe: the helper fails, and ssh goes on without an answer.
  const said = await ask({ prompt, secret: true }).then(
    (text) => `${text}\n`,
    () => '',
  );
  const pipe = join(folder, name.replace('question', 'answer'));
  // The helper opens the other end a moment after it asked; a dead one must not hold us up.
  for (let tries = 0; tries < 50; tries += 1) {
    const file = await open(pipe, constants.O_WRONLY | constants.O_NONBLOCK).catch(() => undefined);
    if (file !== undefined) {
      await file.write(said);
      await file.close();
      return;
    }
    await new Promise((resolve) => setTimeout(resolve, 20));
  }
}
