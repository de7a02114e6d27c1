import { Argument, Command } from 'commander';
import type { JsonObject } from '../core/json.ts';
import { InventorySchema } from '../inventory/schema.ts';
import { modules } from '../modules/index.ts';
import { jsonSchemaOf, playbookSchema } from '../playbook/json-schema.ts';
import type { Action } from './action.ts';

/** What there is a schema of. */
type Kind = 'playbook' | 'inventory';

/** The command `copse schema`. */
export function schemaCommand(act: (action: Action) => Promise<void>): Command {
  return new Command('schema')
    .description('print the JSON schema of playbooks or inventories, for editors with a YAML language server')
    .addArgument(new Argument('<kind>', 'what the schema describes').choices(['playbook', 'inventory']))
    .addHelpText('after', HELP)
    .action((kind: Kind) =>
      act((terminal) => {
        terminal.stdout.write(schemaText(kind));
        return Promise.resolve(0);
      }),
    );
}

/** The schema as the text of a file. */
export function schemaText(kind: Kind): string {
  return `${JSON.stringify(schemaOf(kind), undefined, 2)}\n`;
}

function schemaOf(kind: Kind): JsonObject {
  if (kind === 'playbook') return playbookSchema(modules);
  return {
    $schema: 'http://json-schema.org/draft-07/schema#',
    $id: 'copse-inventory.schema.json',
    ...jsonSchemaOf(InventorySchema),
  };
}

const HELP = `
Examples:
  copse schema playbook > playbook.schema.json
  # then, as the first line of a playbook:
  # yaml-language-server: $schema=playbook.schema.json`;
