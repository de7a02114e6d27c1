import { systemClock } from '../core/clock.ts';
import type { Recap } from '../core/events.ts';
import { runPlaybook, type RunResult } from '../engine/run.ts';
import type { EngineDeps, RunOptions } from '../engine/types.ts';
import { secretsIn } from '../playbook/secrets-in.ts';
import { createSecrets } from '../session/secrets.ts';
import { EXIT } from './exit.ts';
import type { Loaded } from './load-all.ts';
import type { HostOptions } from './options.ts';
import { createPrompter } from './prompt.ts';
import { askPrompts, askStep } from './questions.ts';
import { beginRecord, type RunRecord } from './record.ts';
import { createReporting } from './reporting.ts';
import type { Terminal } from './streams.ts';
import { version } from './version.ts';
import { askLogin, readLocalFile, sessionOpener, specOf } from './wire.ts';

/** What decides how a loaded playbook is run. */
export interface LoadedOptions extends HostOptions {
  readonly check?: boolean;
  readonly diff?: boolean;
  readonly tags: readonly string[];
  readonly skipTags: readonly string[];
  readonly startAtTask?: string;
  readonly step?: boolean;
  readonly detailedExitcode?: boolean;
  /** Show output of commands as it comes. */
  readonly showOutput?: boolean;
}

/** Runs a playbook that was checked; the exit status. Without a record a new one is begun, which nobody can resume. */
export async function runLoaded(
  loaded: Loaded,
  options: LoadedOptions,
  terminal: Terminal,
  signal: AbortSignal,
  begin: (env: Terminal['env']) => Promise<RunRecord> = beginRecord,
): Promise<number> {
  const { playbook, inventory, extraVars } = loaded;
  const record = await begin(terminal.env);
  const { journal, folder, resumed } = record;
  try {
    const secrets = createSecrets();
    // A host may print a secret it was never given by us.
    secrets.add(...secretsIn(playbook, inventory));
    const reporting = createReporting({
      terminal,
      output: options.output,
      verbosity: options.verbose,
      showOutput: options.showOutput === true,
      essential: [journal],
      mask: (text) => secrets.mask(text),
    });
    const prompter = createPrompter(terminal, reporting.pause);
    signal.addEventListener('abort', () => reporting.say(String(signal.reason?.message ?? 'stopping')), { once: true });
    try {
      const login = await askLogin(options, prompter, secrets);
      const deps: EngineDeps = {
        openSession: sessionOpener({ login, prompter, secrets, terminal }),
        specOf: (host) => specOf(host, login),
        emit: reporting.hub.emit,
        signal,
        clock: systemClock,
        readFile: readLocalFile,
        prompted: await askPrompts(playbook, extraVars, prompter, secrets),
        ...(resumed === undefined ? {} : resumed),
        ...(options.step === true ? { confirm: (task: string) => askStep(task, prompter) } : {}),
      };
      const result = await runPlaybook(
        { playbook, inventory, options: engineOptions(options, loaded, folder.id) },
        deps,
      );
      return statusOf(result, options);
    } finally {
      await reporting.hub.close();
      for (const { name, error } of reporting.hub.broken()) {
        terminal.stderr.write(`the ${name} reporter failed and was left out: ${String(error)}\n`);
      }
    }
  } finally {
    await record.end();
  }
}

function engineOptions(options: LoadedOptions, loaded: Loaded, run: string): RunOptions {
  return {
    run,
    version: version(),
    check: options.check === true,
    diff: options.diff === true,
    limit: options.limit,
    tags: options.tags,
    skipTags: options.skipTags,
    forks: options.forks,
    extraVars: loaded.extraVars,
    startAtTask: options.startAtTask,
  };
}

function statusOf(result: RunResult, options: LoadedOptions): number {
  const changed = result.recap.some(({ status, counts }: Recap) => status === 'changed' || counts.ran > 0);
  return result.status === EXIT.ok && changed && options.detailedExitcode === true ? EXIT.changed : result.status;
}
