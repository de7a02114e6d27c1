import type { Event } from '../core/events.ts';

/** Applies a mask to every text of an event, however deep, so that no consumer sees a secret; output of commands was masked at its source. */
export function maskWith(mask: (text: string) => string): (event: Event) => Event {
  // The shape does not change: texts are replaced by texts.
  return (event) => (event.type === 'step-output' ? event : (masked(event, mask) as Event));
}

function masked(value: unknown, mask: (text: string) => string): unknown {
  if (typeof value === 'string') return mask(value);
  if (Array.isArray(value)) return value.map((one) => masked(one, mask));
  if (value === null || typeof value !== 'object') return value;
  return Object.fromEntries(Object.entries(value).map(([key, one]) => [key, masked(one, mask)]));
}
