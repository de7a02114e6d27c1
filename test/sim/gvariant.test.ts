import fc from 'fast-check';
import { expect, test } from 'vitest';
import { textsIn } from '../../src/modules/gvariant.ts';
import { dictionaryBytes } from '../../src/sim/model/gvariant.ts';

/** The metadata at the beginning of a commit that ostree 2022.7 wrote with `--add-metadata`. */
const OF_OSTREE =
  '74617267657400006e616d65000000006162632e3000007305000000000000006f736e616d6500006465620000730700626f6f746373756d0000000000000000666630300000730911274000617b73767d070000000000006c6f636b6564000001006207000000006d657267652d6465706c6f796d656e7400000000000000006e616d6500000000782e3100007305006f736e616d6500006465620000730700626f6f746373756d00000000000000006565000073090f1f3600617b73767d116b61726773000000726f6f743d4c4142454c3d7200727700783d2261206222000d101800617306006e6f6e650000000000617305000000006f73747265652e7265662d62696e64696e67000000000000677700030061731352006400c000e700f4001801';

test('what is staged is written byte for byte as ostree writes such a dictionary', () => {
  const bytes = dictionaryBytes({
    target: { name: 'abc.0', osname: 'deb', bootcsum: 'ff00' },
    locked: true,
    'merge-deployment': { name: 'x.1', osname: 'deb', bootcsum: 'ee' },
    kargs: ['root=LABEL=r', 'rw', 'x="a b"'],
    none: [],
    'ostree.ref-binding': ['gw'],
  });

  expect(bytes.toString('hex')).toBe(OF_OSTREE);
});

test('every list of words is read back, however long it is', () => {
  const word = fc.string({ minLength: 1, maxLength: 300 }).filter((text) => !text.includes('\0'));
  fc.assert(
    fc.property(
      fc.array(word, { maxLength: 400 }),
      fc.dictionary(word, word, { noNullPrototype: true }),
      (kargs, target) => {
        expect(textsIn(dictionaryBytes({ target, kargs }), 'kargs')).toEqual(kargs);
      },
    ),
    { numRuns: 60 },
  );
});
