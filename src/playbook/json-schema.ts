import { z } from 'zod';
import { isRecord } from '../config/plain.ts';
import { parseSource } from '../config/source.ts';
import type { Json, JsonObject } from '../core/json.ts';
import type { AnyModule } from '../core/module.ts';
import { BlockKeywords, ImportKeywords, ImportPlaybook, PlayKeywords, TaskKeywords } from './schema.ts';

/** The JSON schema of a playbook for editors: keywords, modules with their parameters, descriptions. */
export function playbookSchema(modules: readonly AnyModule[]): JsonObject {
  return {
    $schema: 'http://json-schema.org/draft-07/schema#',
    $id: 'copse-playbook.schema.json',
    title: 'copse playbook',
    description: 'A list of plays.',
    oneOf: [{ type: 'array', items: { $ref: '#/definitions/play' } }, { $ref: '#/definitions/play' }],
    definitions: {
      template: { type: 'string', pattern: '\\$\\{\\{', description: 'An expression: ${{ vars.name }}' },
      condition: {
        description: 'A CEL expression, or a list of which all must hold.',
        anyOf: [
          { type: ['string', 'boolean'] },
          { type: 'array', minItems: 1, items: { type: ['string', 'boolean'] } },
        ],
      },
      tasks: { type: ['array', 'null'], items: { $ref: '#/definitions/task' } },
      play: {
        type: 'object',
        description: 'What is done on which hosts.',
        examples: [{ hosts: 'edge:!maintenance', become: true, tasks: [{ rpm_ostree: { packages: ['tmux'] } }] }],
        properties: playProperties(),
        additionalProperties: false,
        anyOf: [{ required: ['hosts'] }, { required: ['import_playbook'] }],
      },
      task: {
        type: 'object',
        description: 'One module with its parameters, and keywords; or a block of tasks.',
        properties: { ...taskProperties(), ...moduleProperties(modules) },
        patternProperties: { '^[a-z]\\w*\\.[a-z]\\w*\\.[a-z]\\w*$': {} },
        additionalProperties: false,
      },
    },
  };
}

/** A zod schema as draft-07 JSON schema of what a user writes. */
export function jsonSchemaOf(schema: z.ZodType): JsonObject {
  const { $schema: _draft, ...rest } = z.toJSONSchema(schema, {
    io: 'input',
    target: 'draft-7',
    unrepresentable: 'any',
  });
  // What zod gives is JSON; only its declared type is wider.
  return JSON.parse(JSON.stringify(rest)) as JsonObject;
}

function playProperties(): JsonObject {
  return { ...keywordProperties(ImportPlaybook), ...keywordProperties(PlayKeywords) };
}

function taskProperties(): JsonObject {
  return {
    ...keywordProperties(ImportKeywords),
    ...keywordProperties(BlockKeywords),
    ...keywordProperties(TaskKeywords),
    meta: { enum: ['flush_handlers'], description: 'Run the handlers notified so far.' },
  };
}

const TASK_LISTS: ReadonlySet<string> = new Set([
  'tasks',
  'pre_tasks',
  'post_tasks',
  'handlers',
  'block',
  'rescue',
  'always',
]);
const CONDITIONS: ReadonlySet<string> = new Set(['when', 'until', 'failed_when', 'changed_when']);

function keywordProperties(schema: z.ZodObject): JsonObject {
  const properties = objectAt(jsonSchemaOf(schema), 'properties');
  return mapValues(properties, (property, name) => {
    const description = objectOf(property)['description'] ?? '';
    if (TASK_LISTS.has(name)) return { allOf: [{ $ref: '#/definitions/tasks' }], description };
    if (CONDITIONS.has(name)) return { allOf: [{ $ref: '#/definitions/condition' }], description };
    return property;
  });
}

function moduleProperties(modules: readonly AnyModule[]): JsonObject {
  const properties: Record<string, Json> = {};
  for (const module of modules) properties[module.name] = moduleProperty(module);
  return properties;
}

function moduleProperty(module: AnyModule): Json {
  const params = withTemplates(jsonSchemaOf(module.params), module.expressions ?? []);
  const isOptional = params['required'] === undefined;
  const ways: Json[] = [params];
  if (module.freeForm !== undefined)
    ways.push({ type: ['string', 'number', 'boolean'], description: `The parameter "${module.freeForm}".` });
  else ways.push({ $ref: '#/definitions/template' });
  if (isOptional) ways.push({ type: 'null' });
  return { description: module.summary, examples: [...examplesOf(module)], anyOf: ways };
}

/** The arguments in a module's examples. */
function examplesOf(module: AnyModule): readonly Json[] {
  return module.examples.flatMap((example) => {
    const { root } = parseSource('example', example);
    return Array.isArray(root) ? root.flatMap((task: unknown) => argsIn(task, module.name)) : [];
  });
}

function argsIn(task: unknown, name: string): readonly Json[] {
  if (!isRecord(task) || task[name] === undefined) return [];
  // What a YAML text without secrets gives is JSON.
  return [JSON.parse(JSON.stringify(task[name])) as Json];
}

/** Every parameter may be an expression instead. */
function withTemplates(schema: JsonObject, expressions: readonly string[]): JsonObject {
  const properties = schema['properties'];
  if (properties === undefined) return schema;
  const open = mapValues(objectOf(properties), (property, name) => {
    const { description, ...rest } = objectOf(property);
    if (expressions.includes(name))
      return { ...(description === undefined ? {} : { description }), allOf: [{ $ref: '#/definitions/condition' }] };
    if (rest['type'] === 'string' && !('pattern' in rest) && !('enum' in rest) && !('const' in rest)) return property;
    return {
      ...(description === undefined ? {} : { description }),
      anyOf: [templatesInside(rest), { $ref: '#/definitions/template' }],
    };
  });
  return { ...schema, properties: open };
}

function templatesInside(schema: JsonObject): JsonObject {
  const { items, properties, ...rest } = schema;
  if (items !== undefined && typeof items === 'object' && !Array.isArray(items)) {
    return { ...rest, items: { anyOf: [templatesInside(objectOf(items)), { $ref: '#/definitions/template' }] } };
  }
  return properties === undefined ? schema : withTemplates(schema, []);
}

function mapValues(object: JsonObject, change: (value: Json, key: string) => Json): JsonObject {
  return Object.fromEntries(Object.entries(object).map(([key, value]) => [key, change(value, key)]));
}

function objectAt(object: JsonObject, key: string): JsonObject {
  return objectOf(object[key] ?? {});
}

function objectOf(value: Json): JsonObject {
  return typeof value === 'object' && value !== null && !Array.isArray(value) ? (value as JsonObject) : {};
}
