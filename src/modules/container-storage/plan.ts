import { cmd } from '../../core/command.ts';
import type { Change, ModuleContext } from '../../core/module.ts';
import type { Step } from '../../core/step.ts';
import { planDaemon } from './plan-daemon.ts';
import { planSetup, poolOf, runTool } from './plan-setup.ts';
import type { Params } from './schema.ts';
import { emptyStep, stopSteps } from './service.ts';
import { STORAGE_FILE } from './setup-file.ts';
import type { Have } from './state.ts';

type Refusal = Extract<Change, { readonly refuse: string }>;

/** The steps from the storage docker has to the storage that is wished. */
export function plan(want: Params, have: Have, context: ModuleContext): Change {
  if (want.state === 'absent') return planAbsent(want, have);
  const refusal = whyNot(want, have);
  if (refusal !== undefined) {
    return context.check && !have.hasService ? { steps: [], notes: [refusal.refuse] } : refusal;
  }
  return want.setup === undefined ? planDaemon(want, have) : planSetup(want, want.setup, have, context);
}

function whyNot(want: Params, have: Have): Refusal | undefined {
  if (!have.hasService) {
    const hint = 'layer docker, or name its unit with "service"';
    return { refuse: `the host has no ${want.service}`, hint, code: 'E_UNSUPPORTED' };
  }
  const major = Number(/^\d+/.exec(have.version)?.[0] ?? 0);
  if (want.driver !== 'devicemapper' || major < 25) return undefined;
  const refuse = `docker ${have.version} has no devicemapper any more`;
  return { refuse, hint: 'write "driver: overlay2"', code: 'E_UNSUPPORTED' };
}

/** As `atomic storage reset` does it: docker stopped, its pool, its configuration and its data gone. */
function planAbsent(want: Params, have: Have): Change {
  const pool = poolOf(want, have);
  const steps: Step[] = [...stopSteps(want, have)];
  const before = [...(pool === undefined ? [] : [pool.name]), ...(have.isFilled ? [want.data_root] : [])];
  if (have.storage !== undefined && have.tool !== '') {
    steps.push(
      runTool(have, ['--reset'], `remove the storage of docker${pool === undefined ? '' : `, ${pool.name}`}`, pool),
    );
  } else if (have.storage !== undefined) {
    steps.push({ do: 'run', say: `remove ${STORAGE_FILE}`, command: cmd('rm', '-f', '--', STORAGE_FILE) });
  }
  if (have.isFilled) steps.push(emptyStep(want, have));
  if (steps.length === 0) return { steps };
  return { steps, diff: [{ label: 'storage of docker', before: before.map((one) => `${one}\n`).join(''), after: '' }] };
}
