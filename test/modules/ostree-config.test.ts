import fc from 'fast-check';
import { expect, it } from 'vitest';
import { sectionOf, sectionsOf, withoutSection, withValues } from '../../src/modules/ostree-config.ts';
import { keysIn, missingKeys } from '../../src/modules/ostree-keys.ts';
import { sourceOf } from '../../src/modules/ostree-names.ts';

/** A key that gpg 2.4 made, as `gpg --export --armor` prints it. */
const ARMORED = `-----BEGIN PGP PUBLIC KEY BLOCK-----

mDMEawJLgxYJKwYBBAHaRw8BAQdA84dyVxWaXckvpT0giEd0wxBtGekvOhI58cbM
3DNru9y0EExhYiA8bGFiQHgudGVzdD6IkAQTFgoAOBYhBIagF8lIKjNutNt4ZaeY
It8DytOTBQJrAkuDAhsDBQsJCAcCBhUKCQgLAgQWAgMBAh4BAheAAAoJEKeYIt8D
ytOThk4BALMiibm+H7sq2YAe8ybpZaocczIUybT01kzTbNoKfVmnAQCWliqXtvM8
ofBbkPk6u7DTY5x6o75u9BZfqCuSJxQeDQ==
=fGX5
-----END PGP PUBLIC KEY BLOCK-----
`;
const FINGERPRINT = '86A017C9482A336EB4DB7865A79822DF03CAD393';
const BINARY = Buffer.from(ARMORED.split('\n').slice(2, -3).join(''), 'base64');

it('a key is known by the fingerprint that gpg tells, armored and binary, alone and twice', () => {
  const key = { fingerprint: FINGERPRINT, name: 'Lab <lab@x.test>', signed: 1795312515 };

  expect(keysIn(new TextEncoder().encode(ARMORED))).toEqual([key]);
  expect(keysIn(BINARY)).toEqual([key]);
  expect(keysIn(new TextEncoder().encode(`# ours\n${ARMORED}\n${ARMORED}`))).toEqual([key, key]);
  expect(keysIn(new Uint8Array())).toEqual([]);
});

it('bytes that are no keys are told apart, whatever they are', () => {
  expect(keysIn(new TextEncoder().encode('hello'))).toBeUndefined();
  fc.assert(fc.property(fc.uint8Array(), (bytes) => keysIn(bytes) === undefined || Array.isArray(keysIn(bytes))));
});

it('a key that was prolonged is missing until the keyring has its newer signature', () => {
  const old = { fingerprint: 'A', name: '', signed: 1 };
  const prolonged = { ...old, signed: 2 };

  expect(missingKeys([prolonged], [old])).toEqual([prolonged]);
  expect(missingKeys([old], [prolonged])).toEqual([]);
});

const value = fc.stringMatching(/^[a-z0-9:/;.=-]{1,8}$/);
const key = fc.constantFrom('url', 'branches', 'gpg-verify', 'proxy');
const section = fc.constantFrom('core', 'remote "a"', 'remote "a.b"');
const line = fc.oneof(
  fc.constantFrom('', '# note', 'url=x', ' proxy = y '),
  section.map((name) => `[${name}]`),
);

it('values that were written are read again, once, and every other section stays as it was', () => {
  const texts = fc.array(line).map((lines) => (lines.length === 0 ? '' : `${lines.join('\n')}\n`));
  fc.assert(
    fc.property(texts, section, fc.dictionary(key, fc.oneof(value, fc.constant(''))), (text, name, wish) => {
      const values = new Map(Object.entries(wish));
      const after = withValues(text, name, values);

      for (const [one, wished] of values) expect(sectionOf(after, name)?.get(one) ?? '').toBe(wished);
      expect(withValues(after, name, values)).toBe(after);
      for (const other of sectionsOf(text)) {
        if (other !== name) expect(sectionOf(after, other)).toEqual(sectionOf(text, other));
      }
      expect(sectionOf(withoutSection(after, name), name)).toBeUndefined();
    }),
  );
});

it.each([
  ['lab:os/stable', { ref: 'lab:os/stable', remote: 'lab', branch: 'os/stable', commit: '' }],
  ['os/stable', { ref: 'os/stable', remote: '', branch: 'os/stable', commit: '' }],
  [`lab:os@${'a'.repeat(64)}`, { ref: 'lab:os', remote: 'lab', branch: 'os', commit: 'a'.repeat(64) }],
  ['b'.repeat(64), { ref: '', remote: '', branch: '', commit: 'b'.repeat(64) }],
])('%s is taken apart', (text, source) => {
  expect(sourceOf(text)).toEqual(source);
});
