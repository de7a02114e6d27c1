import type { AnyAuthMethod, AuthenticationType, Client, ConnectConfig, Prompt } from 'ssh2';
import type { Secret } from '../core/secret.ts';
import type { Target } from '../core/target.ts';
import type { Identities } from './identities.ts';
import type { Ask } from './person.ts';
import { publickeyMethod, teachPublickey } from './publickey.ts';

/** A login in progress: what ssh2 asks for, and what happened, for the messages. */
export interface Login {
  readonly config: Pick<ConnectConfig, 'authHandler'>;
  /** To be called right after ssh2's `connect`. */
  attach(client: Client): void;
  /** What was tried last: what got us in, once we are in. */
  current(): string;
  /** What happened, when nothing got us in. */
  account(): LoginAccount;
}

/** What was tried to log in: one line for people, and what the host would have taken. */
export interface LoginAccount {
  readonly text: string;
  readonly offered: readonly string[];
}

interface Method {
  readonly name: AuthenticationType;
  readonly label: string;
  readonly make: () => Promise<AnyAuthMethod | undefined>;
}

/** Tries what the target has, in the order sshd likes best, and only what the server offers. */
export function login(target: Target, identities: Identities, ask: Ask | undefined): Login {
  const queue = methodsOf(target, identities, ask);
  const tried: string[] = [];
  const notes = [...identities.notes];
  let offered: readonly string[] | undefined;

  const next = async (left: readonly string[] | null): Promise<AnyAuthMethod | undefined> => {
    if (left !== null) offered = left;
    for (;;) {
      const index = queue.findIndex((method) => left === null || left.includes(method.name));
      const [method] = index === -1 ? [] : queue.splice(index, 1);
      if (method === undefined) return undefined;
      tried.push(method.label);
      const made = await method.make();
      if (made !== undefined) return made;
      tried.pop();
    }
  };

  return {
    // @types/ssh2 does not know that the first list is null and that false means "no more".
    config: {
      authHandler: (left, _partial, proceed) => {
        const answer = proceed as (method: AnyAuthMethod | false) => void;
        next(left as AuthenticationType[] | null).then(
          (method) => answer(method ?? false),
          (error: unknown) => {
            notes.push(error instanceof Error ? error.message : String(error));
            answer(false);
          },
        );
      },
    },
    attach: (client) => teachPublickey(client, (label, error) => notes.push(`${label}: ${error.message}`)),
    current: () => tried.at(-1) ?? 'nothing',
    account: () => ({ text: [triedText(tried, offered), ...notes].join('; '), offered: offered ?? [] }),
  };
}

function triedText(tried: readonly string[], offered: readonly string[] | undefined): string {
  const what = tried.filter((label) => label !== NOTHING);
  const first = what.length === 0 ? 'copse had nothing to log in with' : `tried ${what.join(', ')}`;
  return offered === undefined ? first : `${first}; the host takes ${offered.join(', ') || 'nothing more'}`;
}

const NOTHING = 'nothing';

function methodsOf(target: Target, identities: Identities, ask: Ask | undefined): Method[] {
  const username = target.user;
  const methods: Method[] = identities.usable.map((identity) => ({
    name: 'publickey',
    label: identity.label,
    make: () => Promise.resolve(publickeyMethod(username, identity)),
  }));
  const { password } = target;
  if (password !== undefined) methods.push(passwordMethod(username, () => Promise.resolve(password.reveal())));
  if (password !== undefined || ask !== undefined) methods.push(questions(username, password, ask));
  if (password === undefined && ask !== undefined) {
    const prompt = `password of ${username} on ${target.name}: `;
    methods.push(passwordMethod(username, () => ask({ prompt, secret: true })));
  }
  // With nothing in hand, "none" makes the host say what it would take (and a few hosts take it).
  if (identities.usable.length === 0 && password === undefined) methods.unshift(nothing(username));
  return methods;
}

function nothing(username: string): Method {
  return { name: 'none', label: NOTHING, make: () => Promise.resolve({ type: 'none', username }) };
}

function passwordMethod(username: string, password: () => Promise<string>): Method {
  return {
    name: 'password',
    label: 'the password',
    make: async () => ({ type: 'password', username, password: await password() }),
  };
}

/** Keyboard-interactive: the password answers the first hidden question, everything else is the person's to answer. */
function questions(username: string, password: Secret | undefined, ask: Ask | undefined): Method {
  let spare = password;
  const answer = async ({ prompt, echo }: Prompt): Promise<string> => {
    if (echo !== true && spare !== undefined) {
      const revealed = spare.reveal();
      spare = undefined;
      return revealed;
    }
    return ask === undefined ? '' : ask({ prompt, secret: echo !== true });
  };
  const method: AnyAuthMethod = {
    type: 'keyboard-interactive',
    username,
    prompt: (_name, _instructions, _language, prompts, finish) => {
      void answersTo(prompts, answer).then(finish);
    },
  };
  return { name: 'keyboard-interactive', label: 'keyboard-interactive', make: () => Promise.resolve(method) };
}

async function answersTo(prompts: readonly Prompt[], answer: (prompt: Prompt) => Promise<string>): Promise<string[]> {
  const answers: string[] = [];
  for (const prompt of prompts) answers.push(await answer(prompt).catch(() => ''));
  return answers;
}
