import { z } from 'zod';
import type { AnyModule } from '../core/module.ts';
import type { Paint } from '../report/paint.ts';

/** The part of a parameter's JSON schema that a manual page tells. */
const Parameter = z.object({
  title: z.string().optional(),
  description: z.string().default(''),
  type: z.string().optional(),
  enum: z.array(z.unknown()).optional(),
  const: z.unknown().optional(),
  default: z.unknown().optional(),
  get items() {
    return Parameter.optional();
  },
  get anyOf() {
    return z.array(Parameter).optional();
  },
});
type Parameter = z.infer<typeof Parameter>;

const Shape = z.object({
  properties: z.record(z.string(), Parameter).default({}),
  required: z.array(z.string()).default([]),
});

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
  return `${rows.join('\n')}\n\ncopse doc MODULE tells all of one.\n`;
}

/** Everything about one module, from its schema, as a manual page of the given width. */
export function moduleText(module: AnyModule, width: number, paint: Paint): string {
  const paragraphs = [...(module.notes ?? []), KINDS[module.inert === true ? 'inert' : module.kind]];
  return [
    `${paint.bold(module.name)}\n\n${block(module.summary, 2, width)}`,
    ...paragraphs.map((text) => block(text, 2, width)),
    paint.bold('PARAMETERS'),
    ...parametersOf(module, width, paint),
    paint.bold('RESULTS'),
    block('After "register: NAME" they stand under that name, beside changed, failed and skipped.', 2, width),
    resultsOf(module, width, paint),
    paint.bold('EXAMPLES'),
    ...module.examples.map((example) => indented(example.trimEnd(), 2)),
  ]
    .join('\n\n')
    .concat('\n');
}

const KINDS = {
  state:
    'A state: what is right already is left alone and reported as ok; what was changed is read again and must be right then.',
  action: 'An action: it happens each time, and is reported as ran.',
  inert: 'It never changes a host, and is reported as ok.',
} as const;

function parametersOf(module: AnyModule, width: number, paint: Paint): readonly string[] {
  const schema = Shape.parse(z.toJSONSchema(module.params, { io: 'input', unrepresentable: 'any', target: 'draft-7' }));
  return Object.entries(schema.properties).map(([name, parameter]) => {
    const marks = [
      typeOf(parameter),
      ...(schema.required.includes(name) ? ['required'] : []),
      ...(module.freeForm === name ? ['may stand alone'] : []),
      ...(isTold(parameter.default) ? [`default ${shown(parameter.default)}`] : []),
    ];
    const lead = name.length + 4;
    const [first = '', ...rest] = wrap(`(${marks.join('; ')})`, width - lead);
    const more = rest.map((line) => `\n${' '.repeat(lead)}${paint.dim(line)}`).join('');
    return `  ${paint.bold(name)}  ${paint.dim(first)}${more}\n${block(parameter.description, 6, width)}`;
  });
}

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

const TYPES: Readonly<Record<string, string>> = { boolean: 'true or false', integer: 'number', string: 'text' };

function typeOf({ title, type, enum: options, const: only, anyOf, items }: Parameter): string {
  if (title !== undefined) return title;
  if (options !== undefined) return options.map(String).join(' | ');
  if (only !== undefined) return shown(only);
  if (anyOf !== undefined) return [...new Set(anyOf.map(typeOf))].join(' or ');
  if (type === 'array') return `list of ${items === undefined ? 'values' : typeOf(items)}`;
  return type === undefined ? 'any value' : (TYPES[type] ?? type);
}

/** A default that says more than "nothing". */
function isTold(value: unknown): boolean {
  return value !== undefined && !(Array.isArray(value) && value.length === 0);
}

function shown(value: unknown): string {
  return typeof value === 'string' ? value : JSON.stringify(value);
}

function block(text: string, indent: number, width: number): string {
  return indented(wrap(text, width - indent).join('\n'), indent);
}

function indented(text: string, indent: number): string {
  return text.replaceAll(/^(?=.)/gm, ' '.repeat(indent));
}

/** Breaks text at blanks into lines no longer than `width`, as far as its words allow. */
export function wrap(text: string, width: number): readonly string[] {
  const lines: string[] = [];
  let line = '';
  for (const word of text.split(' ')) {
    if (line !== '' && line.length + 1 + word.length > width) {
      lines.push(line);
      line = '';
    }
    line = line === '' ? word : `${line} ${word}`;
  }
  return [...lines, line];
}
