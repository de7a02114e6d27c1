/** One line of an authorized_keys file. */
export interface Key {
  /** Options before the key, empty when there are none. */
  readonly options: string;
  readonly type: string;
  readonly blob: string;
  readonly comment: string;
}

const TYPE = /^(?:(?:sk-)?(?:ssh|ecdsa)-[a-z0-9@.-]+)$/;

/** The key of a line; undefined when it holds none. Blanks within quotes of the options do not end them. */
export function parseKey(line: string): Key | undefined {
  const plain = take(line.trim(), '');
  if (plain !== undefined) return plain;
  const [options] = /^(?:"(?:\\.|[^"\\])*"|[^\s"])+/.exec(line.trim()) ?? [];
  return options === undefined ? undefined : take(line.trim().slice(options.length).trim(), options);
}

function take(text: string, options: string): Key | undefined {
  const [type = '', blob = '', ...comment] = text.split(/[ \t]+/);
  if (!TYPE.test(type) || !/^AAAA[A-Za-z0-9+/]+={0,2}$/.test(blob)) return undefined;
  return { options, type, blob, comment: comment.join(' ') };
}

/** The line for a key. */
export function showKey({ options, type, blob, comment }: Key): string {
  return [options, type, blob, comment].filter((part) => part !== '').join(' ');
}
