import { spawnSync } from 'node:child_process';
import { readdirSync, readFileSync } from 'node:fs';
import { describe, expect, it } from 'vitest';
import type { Answer } from '../../../src/core/answer.ts';
import type { Command } from '../../../src/core/command.ts';
import { problemsOf } from '../../../src/core/problem.ts';
import { askBlocks } from '../../../src/modules/block-script.ts';
import { readBlocks } from '../../../src/modules/block-state.ts';

function ask({ argv: [program, ...words] }: Command): Answer {
  const { status, stdout, stderr } = spawnSync(program, words, {
    input: '',
    env: { ...process.env, LC_ALL: 'C.UTF-8' },
  });
  return { code: status ?? -1, stdout: stdout.toString(), stderr: stderr.toString(), bytes: stdout };
}

const names = readdirSync('/sys/class/block').filter((name) => /^(?:vd|sd|nvme|xvd|mmcblk)/.test(name));
const disk = names.toSorted((a, b) => a.length - b.length)[0];

describe('the question about devices, in a real shell', () => {
  it('tells what is no device, whatever it is called', () => {
    const paths = ['/dev/copse-nothing-there', '/etc/passwd', '/dev/-rf $(reboot)\'"', '/dev/null'];

    expect(readBlocks(ask(askBlocks(paths)), paths)).toEqual([
      { is: 'absent' },
      { is: 'other' },
      { is: 'absent' },
      { is: 'other' },
    ]);
  });

  it.skipIf(disk === undefined)('tells size and number of a disk as the kernel does', () => {
    const path = `/dev/${disk ?? ''}`;
    const sys = (file: string): string => readFileSync(`/sys/class/block/${disk ?? ''}/${file}`, 'utf8').trim();

    const [block] = readBlocks(ask(askBlocks([path])), [path]);

    expect(block?.is === 'block' ? [block.self.node, block.self.bytes, block.self.real] : block).toEqual([
      sys('dev'),
      Number(sys('size')) * 512,
      path,
    ]);
  });

  it('hands signatures and path to the part that is added', () => {
    const more = `printf 'seen %s [%s]\\n' "$1" "$sigs"`;

    const answer = ask(askBlocks(['/etc/passwd'], more));

    expect(answer.stdout).not.toContain('seen');
    expect(readBlocks(answer, ['/etc/passwd'])).toEqual([{ is: 'other' }]);
  });

  it('is not taken for whole when it was cut off', () => {
    const whole = ask(askBlocks(['/etc/passwd', '/dev/null']));
    const cut = { ...whole, stdout: whole.stdout.replace(/end\n$/, '') };

    let found: readonly string[] = [];
    try {
      readBlocks(cut, ['/etc/passwd', '/dev/null']);
    } catch (error) {
      found = problemsOf(error).map(({ code }) => code);
    }

    expect(found).toEqual(['E_ANSWER']);
  });
});
