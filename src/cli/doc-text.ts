import type { AnyModule } from '../core/module.ts';
import type { Paint } from '../report/paint.ts';
import { parametersOf } from './doc-parameters.ts';
import { block, indented, wrap } from './wrap.ts';

/** The names of all modules with one line each. */
export function listText(modules: readonly AnyModule[], width: number, paint: Paint): string {
  const longest = Math.max(...modules.map((module) => module.name.length));
  const rows = modules
    .toSorted((a, b) => a.name.localeCompare(b.name))
    .map(({ name, summary }) => {
      const [first = '', ...rest] = wrap(summary, width - longest - 4);
      const indent = ' '.repeat(longest + 4);
      return [`  ${paint.bold(name.padEnd(longest))}  ${first}`, ...rest.map((line) => indent + line)].join('\n');
    });
  return `${rows.join('\n')}\n\ncopse doc MODULE tells all of one; copse doc guard tells of guarded blocks.\n`;
}

/** Everything about one module, from its schema, as a manual page of the given width. */
export function moduleText(module: AnyModule, width: number, paint: Paint): string {
  const isKeyword = Object.keys(module.returns).length === 0;
  const kind = isKeyword ? [] : [KINDS[module.inert === true ? 'inert' : module.kind]];
  const paragraphs = [...(module.notes ?? []), ...kind];
  return [
    `${paint.bold(module.name)}\n\n${block(module.summary, 2, width)}`,
    ...paragraphs.map((text) => block(text, 2, width)),
    paint.bold('PARAMETERS'),
    ...parametersOf(module, width, paint),
    ...(isKeyword ? [] : [paint.bold('RESULTS'), block(REGISTERED, 2, width), resultsOf(module, width, paint)]),
    paint.bold('EXAMPLES'),
    ...module.examples.map((example) => indented(example.trimEnd(), 2)),
  ]
    .join('\n\n')
    .concat('\n');
}

const REGISTERED = 'After "register: NAME" they stand under that name, beside changed, failed and skipped.';

const KINDS = {
  state:
    'A state: what is right already is left alone and reported as ok; what was changed is read again and must be right then.',
  action: 'An action: it happens each time, and is reported as ran.',
  inert: 'It never changes a host, and is reported as ok.',
} as const;

function resultsOf(module: AnyModule, width: number, paint: Paint): string {
  const rows = Object.entries(module.returns);
  const longest = Math.max(...rows.map(([name]) => name.length));
  return rows
    .map(([name, { type, description }]) => {
      const lead = `  ${name.padEnd(longest)}  ${type.padEnd(6)}  `;
      const [first = '', ...rest] = wrap(description, width - lead.length);
      return [paint.bold(lead) + first, ...rest.map((line) => ' '.repeat(lead.length) + line)].join('\n');
    })
    .join('\n');
}
