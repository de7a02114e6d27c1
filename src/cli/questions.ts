import { Secret } from '../core/secret.ts';
import type { Value, Vars } from '../core/value.ts';
import type { StepAnswer } from '../engine/types.ts';
import type { Playbook } from '../playbook/types.ts';
import type { Secrets } from '../session/secrets.ts';
import type { Prompter } from './prompt.ts';

/** Asks the `vars_prompt` of all plays before the first connection; what `-e` gives is not asked. */
export async function askPrompts(
  playbook: Playbook,
  extraVars: Vars,
  prompter: Prompter,
  secrets: Secrets,
): Promise<(play: number) => Promise<Vars>> {
  const byPlay = new Map<number, Vars>();
  for (const play of playbook.plays) {
    const answers: Record<string, Value> = {};
    for (const { name, prompt, secret, default: fallback } of play.prompts) {
      if (name in extraVars) continue;
      if (secret) {
        const value = new Secret(await prompter.secret(prompt));
        secrets.add(value);
        answers[name] = value;
      } else answers[name] = await prompter.text(prompt, fallback);
    }
    byPlay.set(play.index, answers);
  }
  return (play) => Promise.resolve(byPlay.get(play) ?? {});
}

/** Asks before a task under `--step`. */
export async function askStep(task: string, prompter: Prompter): Promise<StepAnswer> {
  const answer = (await prompter.text(`run task "${task}"? (y)es, (n)o, (c)ontinue with all:`, 'y'))
    .trim()
    .toLowerCase();
  if (answer.startsWith('c')) return 'all';
  return answer.startsWith('y') ? 'yes' : 'no';
}
