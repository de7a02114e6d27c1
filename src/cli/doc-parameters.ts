import { z } from 'zod';
import type { AnyModule } from '../core/module.ts';
import type { Paint } from '../report/paint.ts';
import { block, indented, wrap } from './wrap.ts';

/** The part of a parameter's JSON schema that a manual page tells. */
const Parameter = z.object({
  title: z.string().optional(),
  description: z.string().default(''),
  type: z.union([z.string().transform((one) => [one]), z.array(z.string())]).default([]),
  enum: z.array(z.unknown()).optional(),
  const: z.unknown().optional(),
  default: z.unknown().optional(),
  required: z.array(z.string()).default([]),
  get properties() {
    return z.record(z.string(), Parameter).optional();
  },
  get items() {
    return Parameter.optional();
  },
  get anyOf() {
    return z.array(Parameter).optional();
  },
  /** What a free mapping holds; false where the keys are those of `properties`. */
  get additionalProperties() {
    return z.union([z.boolean(), Parameter]).optional();
  },
});
type Parameter = z.infer<typeof Parameter>;

/** How the parameters of a page are told. */
interface Page {
  readonly width: number;
  readonly paint: Paint;
  /** The parameter that may stand alone in place of all. */
  readonly freeForm: string | undefined;
}

/** A paragraph for each parameter of a module, with those of the objects in it below. */
export function parametersOf(module: AnyModule, width: number, paint: Paint): readonly string[] {
  const schema = z.toJSONSchema(module.params, { io: 'input', unrepresentable: 'any', target: 'draft-7' });
  return paragraphsOf(Parameter.parse(schema), { width: width - 2, paint, freeForm: module.freeForm }).map((text) =>
    indented(text, 2),
  );
}

function paragraphsOf(object: Parameter, page: Page): readonly string[] {
  const inner = { ...page, width: page.width - 4, freeForm: undefined };
  const told = new Map<string, string>();
  return Object.entries(object.properties ?? {}).map(([name, parameter]) => {
    const held = objectIn(parameter);
    const before = told.get(JSON.stringify(held));
    if (held.properties !== undefined && before === undefined) told.set(JSON.stringify(held), name);
    const below = before === undefined ? paragraphsOf(held, inner) : [`The keys are those of ${before}.`];
    const head = headOf(name, parameter, object.required.includes(name), page);
    const description = parameter.description === '' ? [] : [block(parameter.description, 4, page.width)];
    return [[head, ...description].join('\n'), ...below.map((text) => indented(text, 4))].join('\n\n');
  });
}

function headOf(name: string, parameter: Parameter, required: boolean, { width, paint, freeForm }: Page): string {
  const marks = [
    typeOf(parameter),
    ...(required ? ['required'] : []),
    ...(freeForm === name ? ['may stand alone'] : []),
    ...(isTold(parameter.default) ? [`default ${shown(parameter.default)}`] : []),
  ];
  const lead = name.length + 2;
  const [first = '', ...rest] = wrap(`(${marks.join('; ')})`, width - lead);
  const more = rest.map((line) => `\n${' '.repeat(lead)}${paint.dim(line)}`).join('');
  return `${paint.bold(name)}  ${paint.dim(first)}${more}`;
}

/** The object that a parameter is or holds; of several, what they have together. */
function objectIn({ properties, required, items, anyOf }: Parameter): Parameter {
  const own = properties === undefined ? [] : [{ properties, required }];
  const held = [...(items === undefined ? [] : [items]), ...(anyOf ?? [])].map(objectIn);
  const all = [...own, ...held.filter((one) => one.properties !== undefined)];
  const [first, ...others] = all;
  return {
    description: '',
    type: [],
    required: (first?.required ?? []).filter((name) => others.every((other) => other.required.includes(name))),
    ...(first === undefined
      ? {}
      : { properties: Object.assign({}, ...all.map((one) => one.properties)) as Properties }),
  };
}

type Properties = NonNullable<Parameter['properties']>;

const TYPES: Readonly<Record<string, string>> = { boolean: 'true or false', integer: 'number', string: 'text' };

function typeOf(parameter: Parameter): string {
  const { title, type, enum: options, const: only, anyOf, items, additionalProperties: held } = parameter;
  if (title !== undefined) return title;
  if (options !== undefined) return options.map(String).join(' | ');
  if (only !== undefined) return shown(only);
  if (anyOf !== undefined) return [...new Set(anyOf.map(typeOf))].join(' or ');
  if (typeof held === 'object') return `mapping of name to ${typeOf(held)}`;
  if (type.includes('array')) return `list of ${items === undefined ? 'values' : typeOf(items)}`;
  return type.map((one) => TYPES[one] ?? one).join(' or ') || 'any value';
}

/** A default that says more than "nothing". */
function isTold(value: unknown): boolean {
  return value !== undefined && !(Array.isArray(value) && value.length === 0);
}

function shown(value: unknown): string {
  return typeof value === 'string' ? value : JSON.stringify(value);
}
