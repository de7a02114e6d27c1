import type { Bytes } from '../core/bytes.ts';
import { capture, DEFAULT_CAP } from '../transport/capture.ts';
import type { Stream } from './greeting.ts';
import type { Secrets } from './secrets.ts';

/** Output of a command on its way to people: decoded, secrets masked, kept within bounds. */
export interface Output {
  readonly push: (stream: Stream, chunk: Bytes) => void;
  /** Says what is still held back, and gives all that was kept. */
  end(): { readonly stdout: string; readonly stderr: string; readonly truncated: boolean };
}

/** Collects the two outputs of a command; `onOutput` sees them as they come. */
export function createOutput(secrets: Secrets, onOutput?: (stream: Stream, text: string) => void): Output {
  const channels = { stdout: channel('stdout'), stderr: channel('stderr') };

  function channel(stream: Stream): Channel {
    const decoder = new TextDecoder('utf-8', { ignoreBOM: true });
    const masked = secrets.stream();
    const kept = capture(DEFAULT_CAP);
    const say = (text: string): void => {
      if (text === '') return;
      kept.push(Buffer.from(text));
      onOutput?.(stream, text);
    };
    return {
      push: (chunk) => say(masked.push(decoder.decode(chunk, { stream: true }))),
      end() {
        say(masked.push(decoder.decode()) + masked.end());
        return kept.result();
      },
    };
  }
  return {
    push: (stream, chunk) => channels[stream].push(chunk),
    end() {
      const stdout = channels.stdout.end();
      const stderr = channels.stderr.end();
      return { stdout: stdout.text, stderr: stderr.text, truncated: stdout.truncated || stderr.truncated };
    },
  };
}

interface Channel {
  push(chunk: Bytes): void;
  end(): { readonly text: string; readonly truncated: boolean };
}
