import { isRecord } from '../config/plain.ts';

/** Parameters that say what a task is about, the plainest first; none of them ever holds a secret. */
const SUBJECTS = ['name', 'path', 'dest', 'cmd', 'packages', 'vg', 'url', 'port', 'host', 'src'] as const;

const LONGEST = 60;

/** What people call a task that was given no name: its module and what it is about, as in `copy /etc/motd`. */
export function unnamed(module: string, args: unknown): string {
  const subject = subjectOf(args);
  if (subject === '') return module;
  const text = `${module} ${subject}`;
  return text.length > LONGEST ? `${text.slice(0, LONGEST - 1)}…` : text;
}

function subjectOf(args: unknown): string {
  if (typeof args === 'string') return oneLine(args);
  if (!isRecord(args)) return '';
  for (const key of SUBJECTS) {
    const value = args[key];
    if (typeof value === 'string' || typeof value === 'number') return oneLine(String(value));
    if (Array.isArray(value) && value.every((one) => typeof one === 'string')) return oneLine(value.join(' '));
  }
  return '';
}

function oneLine(text: string): string {
  return text.replaceAll(/\s+/g, ' ').trim();
}
