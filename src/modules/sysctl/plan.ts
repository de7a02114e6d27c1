import { script } from '../../core/command.ts';
import type { Change, ModuleContext } from '../../core/module.ts';
import type { Step } from '../../core/step.ts';
import { markOf, ownedRefusal, planOwned } from '../owned-file.ts';
import { isSame, keyOf } from './key.ts';
import type { Params } from './schema.ts';
import { fileOf, type Have, type Running, type Setting } from './state.ts';

/** First the kernel, which refuses what it does not take; then the file, which must hold only what the kernel took. */
export function plan(want: Params, have: Have, context: ModuleContext, before?: Have): Change {
  const text = textOf(want, have);
  const refusal = ownedRefusal(have.file, text, 'sysctl') ?? wrongKey(have, context) ?? unkept(have, before);
  if (refusal !== undefined) return refusal;
  const overrides = overridden(have);
  const [first] = overrides;
  if (first !== undefined && !context.check) {
    const hint = 'choose a "file" that sorts after it, or remove that line';
    return { refuse: `${tellOverride(first)}, which is read after ${fileOf(want)}`, hint };
  }
  const hidden = have.hides !== '' && want.state === 'present';
  if (hidden) {
    return { refuse: `"${fileOf(want)}" would hide "${have.hides}"`, hint: 'choose another "file"' };
  }
  const differing = have.running.filter((one) => !isRight(one));
  const file = planOwned(have.file, text);
  const values = differing.map(({ key, wished, now }) => ({
    label: key,
    before: now === undefined ? '' : `${now}\n`,
    after: `${wished}\n`,
  }));
  const notes = [
    ...have.running.filter((one) => one.now === undefined).map(tellMissing),
    ...overrides.map(tellOverride),
    ...(want.state === 'absent' && file.steps.length > 0 ? ['the kernel keeps its values until the next boot'] : []),
  ];
  return { steps: [...differing.map(setStep), ...file.steps], diff: [...values, ...file.diff], notes };
}

function isRight({ now, wished }: Running): boolean {
  return now !== undefined && isSame(wished, now);
}

/** The file has the keys in the order of the task, with dots, so that the same wish gives the same text. */
function textOf(want: Params, have: Have): string | undefined {
  if (want.state === 'absent') return undefined;
  return [markOf('sysctl'), ...have.running.map(({ key, wished }) => `${key} = ${wished}`), ''].join('\n');
}

function wrongKey({ running }: Have, context: ModuleContext): Change | undefined {
  const closed = running.find((one) => one.isClosed);
  if (closed !== undefined) {
    return {
      refuse: `"${closed.key}" cannot be read, so it cannot be verified`,
      hint: 'add "become: true"; a key that only takes values, such as a "flush", is a command and no state',
    };
  }
  const missing = running.find((one) => one.now === undefined);
  if (missing === undefined || context.check) return undefined;
  const hint = 'check its spelling; where a module brings it, load that first with kernel_module';
  return { refuse: tellMissing(missing), hint };
}

function tellMissing({ key }: Running): string {
  return `the kernel of this host has no "${key}"`;
}

/** A value the kernel took and changed into another one. */
function unkept({ running }: Have, before: Have | undefined): Change | undefined {
  const wrong = before === undefined ? undefined : running.find((one) => !isRight(one));
  if (wrong === undefined) return undefined;
  const refuse = `the kernel made ${wrong.now ?? 'nothing'} of "${wrong.key}", although ${wrong.wished} was written`;
  return { refuse, hint: 'write the value that the kernel keeps' };
}

/** The last line of later files about each key, where it is another value. */
function overridden({ running, later }: Have): readonly Setting[] {
  return running.flatMap(({ path, wished }) => {
    const last = later.findLast((one) => one.path === path);
    return last === undefined || isSame(wished, last.value) ? [] : [last];
  });
}

function tellOverride({ file, path, value }: Setting): string {
  return `"${keyOf(path)}" becomes ${value} at the next boot by ${file}`;
}

function setStep({ key, path, wished }: Running): Step {
  return {
    do: 'run',
    say: `set ${key} to ${wished}`,
    command: script('printf "%s\\n" "$2" >"/proc/sys/$1"', path, wished),
    explain: ({ stderr }) => ({
      message: `the kernel does not take ${wished} for "${key}": ${stderr.trim().split('\n').at(-1)?.slice(0, 200) ?? ''}`,
      hint: 'nothing was written to the file; only root may set values, and not in a container',
    }),
  };
}
