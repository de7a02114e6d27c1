import { randomBytes } from 'node:crypto';
import { connect, type Socket } from 'node:net';

/**
 * Runs shell text on the root shell of a machine's serial console, which works without a network; gives what it printed.
 * The text is the lab's own: one line, and its values must be safe in a shell.
 */
export async function onConsole(socket: string, text: string, timeoutMs = 60_000): Promise<string> {
  const link = connect(socket).setEncoding('utf8');
  try {
    // a machine that boots has no shell yet, and what is typed before is lost: ask until somebody answers
    await answer(link, 'true', timeoutMs, 2000);
    const { printed, status } = await answer(link, text, timeoutMs);
    if (status !== '0') throw new Error(`"${text}" ended with ${status} on the console: ${printed}`);
    return printed;
  } finally {
    link.destroy();
  }
}

/** Types a line, again and again when `everyMs` is given, and waits for its end. */
function answer(
  link: Socket,
  text: string,
  timeoutMs: number,
  everyMs?: number,
): Promise<{ printed: string; status: string }> {
  const tag = randomBytes(6).toString('hex');
  // written in two parts, so that the echo of the line is not taken for the answer
  const mark = `<${tag.slice(0, 6)}''${tag.slice(6)}`;
  const type = (): void => void link.write(`\n echo '${mark}>'; ( ${text} ); echo '${mark}:'$?'>'\n`);
  return new Promise((done, failed) => {
    let heard = '';
    const again = everyMs === undefined ? undefined : setInterval(type, everyMs);
    const timer = setTimeout(
      () => end(() => failed(new Error(`no answer to "${text}" on the console: ${heard.slice(-200)}`))),
      timeoutMs,
    );
    const end = (last: () => void): void => {
      clearInterval(again);
      clearTimeout(timer);
      link.off('data', hear).off('error', failed);
      last();
    };
    const hear = (more: string): void => {
      heard += more;
      const [, printed, status] = new RegExp(`<${tag}>([\\s\\S]*?)<${tag}:(\\d+)>`).exec(heard) ?? [];
      if (printed !== undefined && status !== undefined)
        end(() => done({ printed: printed.replaceAll('\r', '').trim(), status }));
    };
    link.on('data', hear).once('error', failed);
    type();
  });
}
