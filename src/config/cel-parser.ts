import { Environment } from '@marcbachmann/cel-js';

/** The CEL parser. Only its syntax is used: evaluation is ours, because of secrets, unknown values and bounded work. */
export const parser = new Environment({
  unlistedVariablesAreDyn: true,
  homogeneousAggregateLiterals: false,
  enableOptionalTypes: true,
  limits: { maxAstNodes: 2000, maxDepth: 60 },
});

/** The parser's node; the library does not export its type. */
export type Ast = ReturnType<typeof parser.parse>['ast'];
