import type { Event } from '../core/events.ts';

/** Output comes in pieces; this gives it back in whole lines, what is left over when the step ends. */
export function createWholeLines(): (event: Event) => readonly Event[] {
  const tails = new Map<string, string>();
  return (event) => {
    if (event.type === 'step-output') {
      const key = `${event.ref.host} ${event.stream}`;
      const text = (tails.get(key) ?? '') + event.text;
      const end = text.lastIndexOf('\n') + 1;
      tails.set(key, text.slice(end));
      return end === 0 ? [] : [{ ...event, text: text.slice(0, end) }];
    }
    if (event.type !== 'step-end') return [event];
    const { ref } = event;
    const rest = (['stdout', 'stderr'] as const).flatMap((stream): Event[] => {
      const key = `${ref.host} ${stream}`;
      const text = tails.get(key) ?? '';
      tails.delete(key);
      return text === '' ? [] : [{ type: 'step-output', ref, stream, text }];
    });
    return [...rest, event];
  };
}
