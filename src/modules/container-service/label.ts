/** The run command of a label of an image, in its parts. */
export interface LabelCommand {
  /** Options between `run` and the image, without those that the unit or copse sets itself. */
  readonly options: readonly string[];
  /** Words after the image. */
  readonly command: readonly string[];
}

/** What is wrong with a label, in words a person reads. */
export interface LabelProblem {
  readonly wrong: string;
}

/** Options without a value that are left out: a unit has no terminal, and is itself what keeps the container running. */
const DROPPED_FLAGS = /^(?:-d|-t|-i|-ti|-it|-dt|-td|-dit|-itd|--detach|--tty|--interactive|--rm|--replace)(?:=.*)?$/;

/** The same with a value. */
const DROPPED_VALUES = /^(?:--name|--restart|--cidfile)(?:=(.*))?$/;

/**
 * Takes a label apart as the atomic tool and `podman container runlabel` do: `${NAME}`, `$NAME` and the bare word NAME, the same
 * with IMAGE, `${OTHER:-default}`; what nobody gave a value is empty. Only `docker run` and `podman run` are taken.
 */
export function parseLabel(text: string, values: Readonly<Record<string, string>>): LabelCommand | LabelProblem {
  const words = splitWords(text);
  if (words === undefined) return { wrong: 'a quotation in it has no end' };
  const [program = '', verb = '', ...rest] = words;
  if (!/^(?:\/usr\/bin\/)?(?:docker|podman)$/.test(program) || verb !== 'run') {
    return { wrong: `expected "docker run ..." or "podman run ...", found "${[program, verb].join(' ').trim()}"` };
  }
  const filled = rest.map((word) => fill(word, values)).filter((word) => word !== '');
  const at = filled.indexOf(values['IMAGE'] ?? '');
  if (at === -1) return { wrong: 'it does not name its own image as IMAGE or ${IMAGE}' };
  // Quadlet writes the word bare into the line that systemd splits at it.
  if (filled.includes(';')) return { wrong: 'a lone ";" would end the command for systemd' };
  const options = joined(filled.slice(0, at).filter((word) => !DROPPED_FLAGS.test(word)));
  return { options: options.map(modern), command: filled.slice(at + 1) };
}

/** Joins an option with its value where that is the next word, and drops what the unit sets. */
function joined(words: readonly string[]): string[] {
  const options: string[] = [];
  for (let at = 0; at < words.length; at += 1) {
    const word = words[at] ?? '';
    const dropped = DROPPED_VALUES.exec(word);
    if (dropped !== null) {
      if (dropped[1] === undefined) at += 1;
      continue;
    }
    const long = LONG[word] ?? word;
    const next = words[at + 1];
    const takes = !word.includes('=') && next !== undefined && !next.startsWith('-');
    options.push(takes ? `${long}=${next}` : long);
    if (takes) at += 1;
  }
  return options;
}

const LONG: Readonly<Record<string, string>> = {
  '-v': '--volume',
  '-e': '--env',
  '-p': '--publish',
  '-u': '--user',
  '-h': '--hostname',
  '-w': '--workdir',
  '-l': '--label',
  '-m': '--memory',
};

// Words of old docker that no engine of today takes.
function modern(option: string): string {
  return option.replace(/^--net=/, '--network=').replace(/^--security-opt=label:/, '--security-opt=label=');
}

function fill(word: string, values: Readonly<Record<string, string>>): string {
  const bare = word.replace(
    /^(.*=)?(NAME|IMAGE)$/,
    (_, before: string | undefined, key: string) => `${before ?? ''}${values[key] ?? ''}`,
  );
  return bare.replaceAll(
    /\$\{([A-Za-z_]\w*)(?::-([^}]*))?\}|\$([A-Za-z_]\w*)/g,
    (_, braced: string | undefined, fallback: string | undefined, plain: string | undefined) =>
      values[braced ?? plain ?? ''] ?? fallback ?? '',
  );
}

/** Words of a line with single and double quotes and backslashes; undefined when a quote stays open. */
export function splitWords(line: string): string[] | undefined {
  const words = [...line.matchAll(/(?:[^\s"'\\]|\\.|"(?:[^"\\]|\\.)*"|'[^']*')+/gs)].map(([word]) => word);
  const rest = line.replaceAll(/(?:[^\s"'\\]|\\.|"(?:[^"\\]|\\.)*"|'[^']*')+/gs, '');
  if (rest.trim() !== '') return undefined;
  return words.map((word) =>
    word.replaceAll(
      /"((?:[^"\\]|\\.)*)"|'([^']*)'|\\(.)/gs,
      (_, double: string | undefined, single: string | undefined, escaped: string | undefined) =>
        double === undefined ? (single ?? escaped ?? '') : double.replaceAll(/\\(["\\$`])/g, '$1'),
    ),
  );
}
