/**
 * Absolute paths without root: shell text on its way into a simulated host gets the host's folder in front of every
 * absolute path, output on its way out loses it again. `outward(inward(text)) === text` for any text that does not name the
 * folder; so too many rewritten paths do no harm, and a literal path always means the simulated host's.
 */

/** Devices and kernel files that stay the real ones. */
const REAL =
  /^\/(?:dev\/(?:null|zero|full|random|urandom|stdin|stdout|stderr|fd|tty)(?![\w.-])|proc\/(?:self(?!\/mount)|thread-self|\d|\$|sys\/kernel\/random\/uuid))/;

/** First folders of an absolute path; anything else after an opening quote may as well be a pattern of sed or awk. */
const FOLDER =
  /^\/(?:afs|bin|boot|data|dev|etc|home|lib|lib64|lost\+found|media|mnt|opt|ostree|proc|root|run|sbin|srv|sys|sysroot|tmp|usr|var)(?![\w.-])/;

/** What may stand before a path that begins a word, quotes apart. */
const BEFORE = /(?:^|[\s=(<>|;&:,{!@`[]|\$\{\w+(?::?[-+=?]|##?)|\s-[A-Za-z])['"\\]*$/;

/** Shell text that a shell reads into a variable and runs with `eval`. */
const EVAL = /\beval "\$([A-Za-z_]\w*)"/g;

/** Puts `root` in front of every absolute path of shell text that has none yet. */
export function inward(text: string, root: string): string {
  let moved = '';
  let from = 0;
  for (let at = text.indexOf('/'); at !== -1; at = text.indexOf('/', at + 1)) {
    if (!beginsPath(text, at)) continue;
    if (text.startsWith(root, at)) {
      at += root.length;
      continue;
    }
    moved += text.slice(from, at) + root;
    from = at;
  }
  return moved + text.slice(from);
}

/** Makes shell text that runs other shell text from a variable pass that through the stand-in `copse-moved-root` first. */
export function movedEvals(text: string, root: string): string {
  return text.replaceAll(EVAL, `eval "$(printf "%s\\n" "$$$1" | ${root}/usr/bin/copse-moved-root)"`);
}

function beginsPath(text: string, at: number): boolean {
  const before = text.slice(Math.max(0, at - 80), at);
  if (!BEFORE.test(before)) return false;
  const rest = text.slice(at, at + 80);
  if (/^\/(?:\/|$)/.test(rest) && rest !== '/') return false;
  if (/^\/(?:[\s'";|&)\]}`,]|$)/.test(rest)) return isRootFolder(before, rest);
  if (REAL.test(rest)) return false;
  if (FOLDER.test(rest)) return true;
  return /['"]$/.test(before) ? looksLikePath(rest) : !before.endsWith(',');
}

/** A lone slash is the root folder, unless it divides, separates or is compared with. */
function isRootFolder(before: string, rest: string): boolean {
  if (/['"\\]$/.test(before) || /^\/['"`,}\]]/.test(rest)) return false;
  if (before.endsWith('=')) return /--[\w-]+=$/.test(before);
  return !/(?:[\d)]|\btr(?:\s+-\w+)?|\s-[dFt]|\sin|[=!]=?)\s*$/.test(before);
}

/** `/name/name…` up to the end of the word: not `/pattern/ {action}` of awk, nor `/pattern/d` of sed. */
function looksLikePath(rest: string): boolean {
  return /^\/[\w.$*-]+(?:\/[\w.$*-]{2,})*(?=["'\s;]|$)/.test(rest) && !/^\/[^/]*\/(?![\w.$*-]{2})/.test(rest);
}

/** Removes `root` from text; alone it is the root folder. */
export function outward(text: string, root: string): string {
  return text.includes(root)
    ? text.split(root).reduce((out, part) => `${out}${part.startsWith('/') ? '' : '/'}${part}`)
    : text;
}

/** A filter for output that comes in pieces: takes a piece (or null at the end), gives what is safe to pass on. */
export function outwardFilter(root: string): (piece: Uint8Array | null) => Uint8Array {
  let held = '';
  return (piece) => {
    const text = held + (piece === null ? '' : Buffer.from(piece).toString('latin1'));
    const keep = piece === null ? 0 : heldBack(text, root);
    held = text.slice(text.length - keep);
    return Buffer.from(outward(text.slice(0, text.length - keep), root), 'latin1');
  };
}

/** How many characters at the end may be the beginning of `root`, or all of it without the next character. */
function heldBack(text: string, root: string): number {
  let length = Math.min(root.length - 1, text.length);
  while (length > 0 && !text.endsWith(root.slice(0, length))) length -= 1;
  while (text.endsWith(root, text.length - length)) length += root.length;
  return length;
}

/** A filter for shell text that comes in pieces: a line passes once it is whole. */
export function inwardFilter(root: string): (piece: Uint8Array | null) => Uint8Array {
  let held = '';
  return (piece) => {
    const text = held + (piece === null ? '' : Buffer.from(piece).toString('latin1'));
    const end = piece === null ? text.length : text.lastIndexOf('\n') + 1;
    held = text.slice(end);
    return Buffer.from(inward(text.slice(0, end), root), 'latin1');
  };
}

/** Whether the command's standard input is shell text: it ends by becoming a shell without a script. */
export function readsShellText(command: string): boolean {
  return /(?:^|[\s;&|('"])(?:(?:\/usr)?\/bin\/)?(?:ba|da|a)?sh(?:\s+-[eux]+)*(?:\s+-s(?:\s.*)?)?[\s'")};]*$/.test(
    command,
  );
}
