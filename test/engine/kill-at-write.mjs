// Loaded into copse with --import: kills it with SIGKILL at the Nth write of its journal, before the line is written or after it
// is on disk. COPSE_KILL_AT is such as `before:3`; COPSE_KILL_COUNT is a file that takes how many writes there were.
import { open } from 'node:fs/promises';
import { writeFileSync } from 'node:fs';

const [when, number] = (process.env['COPSE_KILL_AT'] ?? 'never:0').split(':');
const counter = process.env['COPSE_KILL_COUNT'];
const probe = await open('/dev/null');
const prototype = Object.getPrototypeOf(probe);
await probe.close();

const { writeFile, datasync } = prototype;
let writes = 0;
const isJournal = (content) => typeof content === 'string' && /^[0-9a-f]{16} \{"seq":/.test(content);

prototype.writeFile = async function (content, ...rest) {
  if (!isJournal(content)) return writeFile.call(this, content, ...rest);
  writes += 1;
  if (counter !== undefined) writeFileSync(counter, String(writes));
  if (when === 'before' && writes === Number(number)) process.kill(process.pid, 'SIGKILL');
  const done = await writeFile.call(this, content, ...rest);
  if (when === 'after' && writes === Number(number)) {
    await datasync.call(this);
    process.kill(process.pid, 'SIGKILL');
  }
  return done;
};
