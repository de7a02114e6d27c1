import type { Bytes } from '../core/bytes.ts';
import { deferred } from './deferred.ts';

/** A stdin that is written while it is being read. */
export interface Input {
  push(bytes: Bytes): void;
  end(): void;
  readonly chunks: AsyncIterable<Bytes>;
}

/** An input that is still empty. */
export function createInput(): Input {
  const waiting: Bytes[] = [];
  let ended = false;
  let more = deferred<void>();

  async function* read(): AsyncIterable<Bytes> {
    for (;;) {
      const next = waiting.shift();
      if (next !== undefined) yield next;
      else if (ended) return;
      else await more.promise;
    }
  }
  const wake = (): void => {
    more.resolve();
    more = deferred();
  };
  return {
    push(bytes) {
      waiting.push(bytes);
      wake();
    },
    end() {
      ended = true;
      wake();
    },
    chunks: read(),
  };
}
