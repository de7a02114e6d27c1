import { describe, expect, it } from 'vitest';
import { guard } from '../../src/playbook/guard.ts';
import { docCommand } from '../../src/cli/doc.ts';
import { problemsOf } from '../../src/core/problem.ts';
import { modules } from '../../src/modules/index.ts';

async function doc(words: readonly string[], columns?: number): Promise<string> {
  let text = '';
  const output = { write: (piece: string) => (text += piece), ...(columns === undefined ? {} : { columns }) };
  const terminal = { stdout: output, stderr: output, stdinIsTTY: false, env: {}, cwd: '/' };
  const command = docCommand(async (action) => {
    await action(terminal);
  });
  await command.parseAsync([...words], { from: 'user' });
  return text;
}

it('lists every module with what it does', async () => {
  const text = await doc([], 120);

  for (const { name, summary } of modules) expect(text).toMatch(new RegExp(`^  ${name} +${summary}$`, 'm'));
});

describe.each([...modules, guard].map((module) => [module.name, module] as const))('copse doc %s', (name, module) => {
  it('tells every parameter and result, and shows every example', async () => {
    const text = await doc([name]);

    const parts = [...text.matchAll(/^ {2}(\w+) {2}\(/gm)].map((match) => match[1]);
    expect(parts).toEqual(Object.keys((module.params as unknown as { shape: object }).shape));
    for (const [result, { description }] of Object.entries(module.returns)) {
      expect(text.replaceAll(/\s+/g, ' ')).toContain(` ${result} ${module.returns[result]?.type} ${description}`);
    }
    for (const example of module.examples) expect(text.replaceAll(/^ {2}/gm, '')).toContain(example.trimEnd());
  });

  it('fits the terminal, examples apart', async () => {
    const [text = ''] = (await doc([name], 60)).split('EXAMPLES');

    expect(text.split('\n').filter((line) => line.length > 60 && line.trim().includes(' '))).toEqual([]);
  });
});

it('tells type, need and default of a parameter', async () => {
  const text = await doc(['copy']);

  expect(text).toContain('  dest  (path; required)\n      The file to write.');
  expect(text).toContain('  mode  (preserve or quoted mode)\n');
  expect(text).toContain('  backup  (true or false; default false)\n');
});

it.each([
  ['http', 'headers  (mapping of name to text)'],
  ['sysctl', 'values  (mapping of name to text or number)'],
  ['ostree_refs', 'aliases  (mapping of name to branch)'],
  ['ostree_remote', 'options  (mapping of name to value)'],
  ['container_storage', 'daemon  (mapping of name to any value)'],
])('tells what a mapping of %s with free names holds', async (name, line) => {
  expect(await doc([name])).toContain(`  ${line}\n`);
});

it('tells what the objects of a parameter have, and the same keys once', async () => {
  const text = await doc(['container_service']);

  expect(text).toContain(
    '\n      name  (name; required)\n          Its name; as a file it is seen as /run/secrets/NAME.\n',
  );
  expect(text).toContain('\n          value  (text; required)\n              The secret, such as a one-time password:');
  expect(text).toContain('UNINSTALL\n      label.\n\n      The keys are those of setup.\n\n  migrate');
});

it.each([
  ['rpm-ostre', 'did you mean "rpm_ostree"?'],
  ['sytemd_unit', 'did you mean "systemd_unit"?'],
])('knows what "%s" was meant to be', async (word, hint) => {
  const problems = await doc([word]).then(() => [], problemsOf);

  expect(problems).toEqual([{ code: 'E_USAGE', message: `no module named "${word}"`, hint }]);
});
