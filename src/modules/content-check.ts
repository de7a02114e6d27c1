import type { Bytes } from '../core/bytes.ts';
import { script } from '../core/command.ts';
import type { MaybeSecret } from '../core/secret.ts';
import type { Step } from '../core/step.ts';

/**
 * The steps that put new content beside a file, let a command look at it, and remove it again in any case. The word `%s` of the
 * command is the file to look at; no command means no steps.
 */
export function checkContent(
  dest: string,
  content: Bytes | MaybeSecret,
  validate: readonly string[] | undefined,
): readonly Step[] {
  if (validate === undefined) return [];
  const at = dest.lastIndexOf('/') + 1;
  const path = `${dest.slice(0, at)}.${dest.slice(at)}.copse-check`;
  const words = validate.map((word) => (word === '%s' ? path : word));
  const command = script('f=$1; shift; "$@"; code=$?; rm -f -- "$f"; exit $code', path, ...words);
  const shown = validate.join(' ');
  return [
    { do: 'put', say: `write ${path} to check it`, path, content, mode: '0600' },
    {
      do: 'run',
      say: `check the new content with ${shown}`,
      command,
      explain: ({ code, stdout, stderr }) => ({
        message: `the new content of ${dest} does not pass "${shown}" (exit ${code ?? 'unknown'}): ${(stderr + stdout).trim().slice(0, 400)}`,
        hint: 'nothing was replaced; correct the content',
      }),
    },
  ];
}
