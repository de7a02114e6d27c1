import type { Bytes } from '../../core/bytes.ts';
import { cmd, withOptions, type Command } from '../../core/command.ts';
import type { Step } from '../../core/step.ts';
import { keysIn, type GpgKey } from '../ostree-keys.ts';
import { repoWords } from '../ostree-repository.ts';
import type { Params } from './schema.ts';

interface KeyFile {
  readonly name: string;
  readonly bytes: Bytes;
  readonly content: Bytes | string;
}

function keyFiles({ keys, keys_src: files }: Params): readonly KeyFile[] {
  return [
    ...(keys ?? []).map((text, index) => ({
      name: `keys[${index}]`,
      bytes: new TextEncoder().encode(text),
      content: text,
    })),
    ...(files ?? []).map(({ path, bytes }) => ({ name: path, bytes, content: bytes })),
  ];
}

/** The wished keys, or what is wrong with them. */
export function wishedKeys(want: Params): readonly GpgKey[] | string {
  const found: GpgKey[] = [];
  for (const { name, bytes } of keyFiles(want)) {
    const keys = keysIn(bytes) ?? [];
    if (keys.length === 0) return `${name} holds no public key`;
    found.push(...keys);
  }
  return found;
}

/** The steps that make a remote trust the keys it lacks, one for each text that has some of them. */
export function importSteps(want: Params, missing: readonly GpgKey[]): readonly Step[] {
  return keyFiles(want).flatMap(({ bytes, content }): readonly Step[] => {
    const keys = (keysIn(bytes) ?? []).filter((key) => isIn(key, missing));
    if (keys.length === 0) return [];
    const names = keys.map(({ name, fingerprint }) => `${name} ${fingerprint.slice(-16)}`.trim());
    const command = withOptions(ostreeCommand(want, 'gpg-import', '--stdin', want.name), { stdin: content });
    return [{ do: 'run', say: `trust ${names.join(', ')}`, command }];
  });
}

/** True when a key of the same fingerprint is among them. */
export function isIn(key: GpgKey, keys: readonly GpgKey[]): boolean {
  return keys.some(({ fingerprint }) => fingerprint === key.fingerprint);
}

/** A call of `ostree remote` for the repository of a wish. */
export function ostreeCommand({ repo }: Params, action: string, ...rest: readonly string[]): Command {
  return cmd('ostree', 'remote', action, ...repoWords(repo), ...rest);
}
