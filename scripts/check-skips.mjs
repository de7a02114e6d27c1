// Says in plain words which tests did not run. Under COPSE_CI a skip that is not declared in test/declared-skips.txt fails.
// A declaration is `pattern | reason`: the pattern is part of a test's full name, or of its file's path.
// check-skips.mjs [FILE]: vitest's results as JSON; those of `npm test` when no file is named.
import { readFileSync } from 'node:fs';

const results = JSON.parse(readFileSync(process.argv[2] ?? 'node_modules/.cache/copse-tests.json', 'utf8'));
const declared = readFileSync('test/declared-skips.txt', 'utf8')
  .split('\n')
  .filter((line) => line.trim() !== '' && !line.startsWith('#'))
  .map((line) => line.split('|').map((part) => part.trim()));

const tests = results.testResults.flatMap((file) =>
  file.assertionResults.map((test) => ({ name: `${file.name} ${test.fullName}`, status: test.status })),
);
const count = (status) => tests.filter((test) => test.status === status).length;
const skipped = tests.filter(
  (test) => test.status === 'skipped' || test.status === 'pending' || test.status === 'todo',
);
const undeclared = skipped.filter(({ name }) => !declared.some(([pattern]) => name.includes(pattern)));

if (skipped.length > 0) console.log(`\n${skipped.length} tests did not run on this machine:`);
for (const { name } of skipped) {
  const reason =
    declared.find(([pattern]) => name.includes(pattern))?.[1] ??
    'what it needs is not here (sshd, sudo, root, a tool): .ci/run installs it';
  console.log(`  ${name.replace(`${process.cwd()}/`, '')}\n      ${reason}`);
}
console.log(`\n${count('passed')} passed, ${count('failed')} failed, ${skipped.length} skipped`);
if (process.env['COPSE_CI'] !== undefined && undeclared.length > 0) {
  console.error(
    `${undeclared.length} of the skips are not declared in test/declared-skips.txt; in CI everything runs or is declared`,
  );
  process.exitCode = 1;
}
