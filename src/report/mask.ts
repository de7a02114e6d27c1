import type { Event } from '../core/events.ts';

/** Replaces secret values in every text of an event, however deep; the event itself where there is no secret. */
export function maskWith(secrets: () => readonly string[]): (event: Event) => Event {
  return (event) => {
    // A value of one or two characters would blank half of every text; it is still kept out of argv and logs at its source.
    const values = secrets().filter((value) => value.length > 2);
    if (values.length === 0) return event;
    // The shape does not change: texts are replaced by texts.
    return masked(event, values) as Event;
  };
}

function masked(value: unknown, secrets: readonly string[]): unknown {
  if (typeof value === 'string') return maskText(value, secrets);
  if (Array.isArray(value)) return value.map((one) => masked(one, secrets));
  if (value === null || typeof value !== 'object') return value;
  return Object.fromEntries(Object.entries(value).map(([key, one]) => [key, masked(one, secrets)]));
}

/** Replaces each secret value in a text by `***`. */
export function maskText(text: string, secrets: readonly string[]): string {
  let result = text;
  for (const secret of secrets) if (result.includes(secret)) result = result.replaceAll(secret, '***');
  return result;
}
