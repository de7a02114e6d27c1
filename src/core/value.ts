import type { Secret } from './secret.ts';

/** A value of the language: JSON, with secrets allowed as leaves. */
export type Value = null | boolean | number | string | Secret | readonly Value[] | { readonly [key: string]: Value };

/** Variables by name. Objects of this type have no prototype, so that no name is special. */
export type Vars = { readonly [name: string]: Value };
