import { z } from 'zod';
import { ANY, BOOL, listOf, NUMBER, STRING, type Type } from './type.ts';

type Schema = z.core.$ZodType;

/** The schema inside `optional`, `default`, `transform` and other wrappers: what a user writes. */
export function unwrapped(schema: Schema): Schema {
  if (schema instanceof z.ZodOptional || schema instanceof z.ZodNullable || schema instanceof z.ZodNonOptional)
    return unwrapped(schema.unwrap());
  if (schema instanceof z.ZodDefault || schema instanceof z.ZodPrefault || schema instanceof z.ZodCatch)
    return unwrapped(schema.unwrap());
  if (schema instanceof z.ZodReadonly) return unwrapped(schema.unwrap());
  if (schema instanceof z.ZodPipe) return unwrapped(schema.in);
  return schema instanceof z.ZodLazy ? unwrapped(schema.unwrap()) : schema;
}

/** The keys a schema knows at a path of keys and indexes; all branches of unions together. */
export function keysAt(schema: Schema, path: readonly PropertyKey[]): readonly string[] {
  const [first, ...rest] = path;
  return variants(schema).flatMap((one) => {
    if (one instanceof z.ZodObject) {
      if (first === undefined) return Object.keys(one.shape);
      const inner: Schema | undefined = one.shape[String(first)];
      return inner === undefined ? [] : keysAt(inner, rest);
    }
    if (first === undefined) return [];
    if (one instanceof z.ZodArray) return keysAt(one.element, rest);
    return one instanceof z.ZodRecord ? keysAt(one.valueType, rest) : [];
  });
}

/** What is known of the values a schema describes, for checking expressions on them. */
export function typeOfSchema(schema: Schema, says: string): Type {
  const one = unwrapped(schema);
  if (one instanceof z.ZodObject) {
    const fields = Object.entries<Schema>(one.shape).map(
      ([key, inner]) => [key, typeOfSchema(inner, `${says}.${key}`)] as const,
    );
    return { kind: 'record', says, fields: new Map(fields) };
  }
  if (one instanceof z.ZodArray) return listOf(typeOfSchema(one.element, `an element of ${says}`));
  if (one instanceof z.ZodRecord) return { kind: 'map', of: typeOfSchema(one.valueType, `a value of ${says}`) };
  if (one instanceof z.ZodString || one instanceof z.ZodEnum) return STRING;
  if (one instanceof z.ZodNumber) return NUMBER;
  return one instanceof z.ZodBoolean ? BOOL : ANY;
}

function variants(schema: Schema): readonly Schema[] {
  const one = unwrapped(schema);
  return one instanceof z.ZodUnion ? one.options.flatMap(variants) : [one];
}
