import type { z } from 'zod';
import { obey } from '../params.ts';
import { RULES } from './rules.ts';
import { Shape } from './shape.ts';

/** The wish of the `container_service` module. */
export const Params = Shape.superRefine(obey(RULES));
/** The wish of the `container_service` module. */
export type Params = z.infer<typeof Params>;
