import { array, assert, constantFrom, nat, property } from 'fast-check';
import { describe, expect, it } from 'vitest';
import { Secret } from '../../src/core/secret.ts';
import { createSecrets } from '../../src/session/secrets.ts';

function masking(...values: readonly string[]): ReturnType<typeof createSecrets> {
  const secrets = createSecrets();
  secrets.add(...values.map((value) => new Secret(value)));
  return secrets;
}

describe('secrets', () => {
  it.each([
    ['as they are', ['hunter22'], 'pw=hunter22;', 'pw=***;'],
    ['more than once', ['hunter22'], 'hunter22hunter22', '******'],
    ['without the line end they were stored with', ['hunter22\n'], 'pw=hunter22;', 'pw=***;'],
    ['inside JSON', ['a"b\\c\nd'], '{"pw":"a\\"b\\\\c\\nd"}', '{"pw":"***"}'],
    ['the longer one when one holds the other', ['abcd', 'abcdef'], 'abcdef abcd', '*** ***'],
    [
      'line by line when they have long lines',
      ['-----BEGIN KEY-----\nshort\n'],
      'x -----BEGIN KEY----- short',
      'x *** short',
    ],
    ['not when they are so short that they are everywhere', ['ok'], 'all ok', 'all ok'],
  ])('are masked %s', (_, values, text, masked) => {
    expect(masking(...values).mask(text)).toBe(masked);
  });

  it('are never seen in a stream, however it is cut', () => {
    assert(
      property(array(constantFrom('s', 'se', 'sec', 'secret-1', ' ', 'ret-1')), nat(12), (words, width) => {
        const text = words.join('');
        const stream = masking('secret-1').stream();
        const pieces = text.match(new RegExp(`.{1,${width + 1}}`, 'g')) ?? [];
        const shown = pieces.map((piece) => stream.push(piece)).join('') + stream.end();

        expect(shown).toBe(text.replaceAll('secret-1', '***'));
      }),
    );
  });

  it('hold a stream back only while it may be one of them', () => {
    const stream = masking('secret-1').stream();

    expect(stream.push('progress: se')).toBe('progress: ');
    expect(stream.push('ven')).toBe('seven');
  });

  it('that become known later are masked from then on', () => {
    const secrets = masking();
    const stream = secrets.stream();
    expect(stream.push('late-secret ')).toBe('late-secret ');

    secrets.add(new Secret('late-secret'));

    expect(stream.push('late-secret ')).toBe('*** ');
  });
});
