import * as fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { inward, inwardFilter, movedEvals, outward, outwardFilter, readsShellText } from '../../src/sim/moved-root.ts';

const ROOT = '/tmp/copse-sim-x/h/web01';

/** Shell text and, with `@` for the host's folder, what the host's shell gets. */
const TEXTS: readonly (readonly [text: string, moved: string])[] = [
  ['cat /etc/passwd', 'cat @/etc/passwd'],
  ['/usr/bin/systemctl is-active x', '@/usr/bin/systemctl is-active x'],
  [`sh -c 'test -e "$1" && cat -- "$1"' copse /etc/motd`, `sh -c 'test -e "$1" && cat -- "$1"' copse @/etc/motd`],
  [`sh -c 'cat "/etc/motd" </dev/null >/dev/null 2>&1'`, `sh -c 'cat "@/etc/motd" </dev/null >/dev/null 2>&1'`],
  [`sh -c 'sh -c '\\''cat /etc/motd'\\'''`, `sh -c 'sh -c '\\''cat @/etc/motd'\\'''`],
  ['dd if=/var/a of=/var/b', 'dd if=@/var/a of=@/var/b'],
  ['PATH=/usr/bin:/bin; cat <(x) </etc/a>/etc/b', 'PATH=@/usr/bin:@/bin; cat <(x) <@/etc/a>@/etc/b'],
  ['cat "$dir"/etc/x $dir/etc/y ./etc/z a/b', 'cat "$dir"/etc/x $dir/etc/y ./etc/z a/b'],
  ['echo "${x:-/etc/a}" "${x#/etc}" "${x%/*}" "${x##*/}"', 'echo "${x:-@/etc/a}" "${x#@/etc}" "${x%/*}" "${x##*/}"'],
  ['tar -C/etc -f /tmp/x.tar', 'tar -C@/etc -f @/tmp/x.tar'],
  ['echo https://example.com/etc docker://quay.io/x', 'echo https://example.com/etc docker://quay.io/x'],
  ['cat /proc/self/status /proc/$$/stat /proc/1/stat', 'cat /proc/self/status /proc/$$/stat /proc/1/stat'],
  ['cat /proc/cmdline /dev/vda /dev/fd/3 /dev/nullx', 'cat @/proc/cmdline @/dev/vda /dev/fd/3 @/dev/nullx'],
  [`awk '/MemTotal/ {print $2}' /proc/meminfo`, `awk '/MemTotal/ {print $2}' @/proc/meminfo`],
  [`sed -n '/a b/,/c/p; s/x/y/' /etc/x`, `sed -n '/a b/,/c/p; s/x/y/' @/etc/x`],
  [`sed '/pattern/d'`, `sed '/pattern/d'`],
  ['rm -rf /foo "/foo/bar" /$x', 'rm -rf @/foo "@/foo/bar" @/$x'],
  ['df -P /; cd / && ls /', 'df -P @/; cd @/ && ls @/'],
  ['echo $((3 / 4)) $(( (a) / 2 ))', 'echo $((3 / 4)) $(( (a) / 2 ))'],
  [`tr / _; cut -d / -f 1; IFS=/; [ "$m" = / ]; tr '/' _`, `tr / _; cut -d / -f 1; IFS=/; [ "$m" = / ]; tr '/' _`],
  ['ostree --sysroot=/ --repo=/ostree/repo x', 'ostree --sysroot=@/ --repo=@/ostree/repo x'],
  ['case $p in /*) echo abs;; esac', 'case $p in @/*) echo abs;; esac'],
];

describe('an absolute path', () => {
  test.each(TEXTS)('in %j means the simulated host', (text, moved) => {
    expect(inward(text, ROOT).replaceAll(ROOT, '@')).toBe(moved);
  });

  test('comes out of the host as it went in, whatever the text', () => {
    const word = fc.constantFrom('/', '/etc', ' ', '"', "'", '=', '\n', 'a', '/usr/bin', '$x', '\\', ':', '//');
    const text = fc.array(fc.oneof(word, fc.string()), { maxLength: 30 }).map((words) => words.join(''));

    fc.assert(
      fc.property(text, (shell) => {
        expect(outward(inward(shell, ROOT), ROOT)).toBe(shell);
      }),
    );
  });

  test('to the host folder itself is the root folder', () => {
    expect(outward(`${ROOT}\n${ROOT}/etc ${ROOT}`, ROOT)).toBe('/\n/etc /');
  });
});

describe('text that is run with eval', () => {
  test('is moved where it is run, when it was read into a variable', () => {
    expect(movedEvals('read -r t; eval "$t"; eval "$1"; eval set -- "$@"', '@')).toBe(
      'read -r t; eval "$(printf "%s\\n" "$t" | @/usr/bin/copse-moved-root)"; eval "$1"; eval set -- "$@"',
    );
  });

  test('is moved once, however often it passes', () => {
    const once = inward('cat /etc/x </var/y', ROOT);

    expect(inward(once, ROOT)).toBe(once);
  });
});

describe('output in pieces', () => {
  test('loses the folder wherever the cuts are', () => {
    const whole = Buffer.from(`a ${ROOT}/etc/x\n${ROOT}\n/tmp/cop \xff ${ROOT}/y${ROOT}`);

    fc.assert(
      fc.property(fc.array(fc.integer({ min: 0, max: whole.length })), (cuts) => {
        const ends = [...cuts.sort((a, b) => a - b), whole.length];
        const filter = outwardFilter(ROOT);
        const out = ends.map((end, index) => filter(whole.subarray(ends[index - 1] ?? 0, end)));
        const text = Buffer.concat([...out, filter(null)]).toString();
        expect(text).toBe(outward(whole.toString(), ROOT));
      }),
    );
  });

  test('is passed on at once when it cannot be the beginning of the folder', () => {
    expect(Buffer.from(outwardFilter(ROOT)(Buffer.from('Importing rpm-md...'))).toString()).toBe('Importing rpm-md...');
  });

  test('shell text passes line by line', () => {
    const filter = inwardFilter('@');

    const out = ['cat /e', 'tc/x\necho', ' /var'].map((piece) => Buffer.from(filter(Buffer.from(piece))).toString());

    expect([...out, Buffer.from(filter(null)).toString()]).toEqual(['', 'cat @/etc/x\n', '', 'echo @/var']);
  });
});

describe('standard input is shell text', () => {
  test.each([
    'sh',
    '/bin/sh -s',
    'exec sh',
    `sudo -S -p '' -- sh`,
    `sh -c 'umask 022; exec sh'`,
    'LC_ALL=C sh -s -- a b',
  ])('after %s', (command) => {
    expect(readsShellText(command)).toBe(true);
  });

  test.each(['cat >/etc/sh', `sh -c 'cat >"$1"' copse /etc/x`, 'sh /etc/x.sh', 'echo push', 'tee x.sh'])(
    'never after %s',
    (command) => {
      expect(readsShellText(command)).toBe(false);
    },
  );
});
