/** The file of rpm-ostree's daemon. */
export const CONFIG = '/etc/rpm-ostreed.conf';

const KEY = 'AutomaticUpdatePolicy';

/** The policy in the text of the daemon's file; `none` where it says nothing. */
export function policyIn(text: string): string {
  let value = 'none';
  for (const { section, line } of sections(text)) {
    const [key, ...rest] = line.split('=');
    if (section === 'Daemon' && key?.trim() === KEY) value = rest.join('=').trim();
  }
  return value;
}

/** The same text with that policy; everything else stays as it is. */
export function withPolicy(text: string, policy: string): string {
  const lines = [...sections(text)];
  const line = `${KEY}=${policy}`;
  const kept = lines
    .filter((one) => !(one.section === 'Daemon' && one.line.split('=')[0]?.trim() === KEY))
    .map((one) => one.line);
  const at = kept.findIndex((one) => one.trim() === '[Daemon]');
  const all = at === -1 ? [...kept, '[Daemon]', line] : kept.toSpliced(at + 1, 0, line);
  return `${all.join('\n').replace(/^\n+(?=\[Daemon\]\n)/, '')}\n`;
}

function* sections(text: string): Generator<{ readonly section: string; readonly line: string }> {
  let section = '';
  for (const line of text.replace(/\n$/, '').split('\n')) {
    section = /^\s*\[(.+)\]\s*$/.exec(line)?.[1] ?? section;
    yield { section, line };
  }
}
