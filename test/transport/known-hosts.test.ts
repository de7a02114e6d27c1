import { spawnSync } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { describe, expect, test } from 'vitest';
import type { HostVerdict } from '../../src/transport/host-verdict.ts';
import { fingerprint, hostKeyOrder, judge, keyType, namesOf } from '../../src/transport/host-verdict.ts';
import { knownHostsLine, knownName, parseKnownHosts } from '../../src/transport/known-hosts.ts';
import { sshString } from '../../src/transport/wire.ts';

const ED = key('ssh-ed25519', 1);
const ED2 = key('ssh-ed25519', 2);
const RSA = key('ssh-rsa', 3);

function key(type: string, fill: number): Buffer {
  return Buffer.concat([sshString(type), sshString(Buffer.alloc(32, fill))]);
}

function line(names: string, blob: Buffer, marker = ''): string {
  return `${marker}${names} ${keyType(blob)} ${blob.toString('base64')}`;
}

function verdict(lines: readonly string[], names: readonly [string, ...string[]], shown: Buffer): HostVerdict {
  return judge(parseKnownHosts([{ file: 'known', text: lines.join('\n') }]), names, shown);
}

describe('a key that a host showed is', () => {
  test.each<[title: string, lines: string[], shown: Buffer, is: HostVerdict['is']]>([
    ['known by a plain line', [line('web1', ED)], ED, 'known'],
    ['known by one of several names', [line('a,WEB1,10.0.0.5', ED)], ED, 'known'],
    ['known by a pattern', [line('web*', ED)], ED, 'known'],
    ['known by one of several keys of its type', [line('web1', ED2), line('web1', ED)], ED, 'known'],
    ['unknown where a pattern excludes the host', [line('web*,!web1', ED)], ED, 'unknown'],
    ['unknown where only another host has it', [line('db1', ED)], ED, 'unknown'],
    ['unknown in an empty file', [], ED, 'unknown'],
    [
      'unknown among lines that are not understood',
      ['# web1', 'web1', 'web1 ssh-ed25519', `@new ${line('web1', ED)}`],
      ED,
      'unknown',
    ],
    ['changed where another key of its type is known', [line('web1', ED2)], ED, 'changed'],
    ['of another type than the known one', [line('web1', RSA)], ED, 'other-type'],
    ['revoked, though it is also known', [line('web1', ED), line('*', ED, '@revoked ')], ED, 'revoked'],
    ['known although another one is revoked', [line('web1', ED), line('web1', ED2, '@revoked ')], ED, 'known'],
    ['unknown where only an authority is trusted', [line('web1', ED2, '@cert-authority ')], ED, 'unknown'],
    ['not known because it is an authority', [line('web1', ED, '@cert-authority ')], ED, 'unknown'],
  ])('%s', (_title, lines, shown, is) => {
    expect(verdict(lines, ['web1'], shown).is).toBe(is);
  });

  test('accused with the file and line that know better', () => {
    expect(verdict(['# first', line('web1', ED2)], ['web1'], ED)).toEqual({
      is: 'changed',
      by: { marker: undefined, type: 'ssh-ed25519', key: ED2.toString('base64'), file: 'known', line: 2 },
    });
  });

  test('known without its port, but never accused by the name without it', () => {
    const names = namesOf({ address: 'Web1', port: 2222, hostKeyAlias: undefined });

    expect(names).toEqual(['[web1]:2222', 'web1']);
    expect(verdict([line('web1', ED)], names, ED).is).toBe('known');
    expect(verdict([line('web1', ED2)], names, ED).is).toBe('unknown');
  });

  test('looked up by its alias alone, which has no port', () => {
    expect(namesOf({ address: '10.0.0.5', port: 2222, hostKeyAlias: 'Fleet' })).toEqual(['fleet']);
  });
});

describe('hashed names', () => {
  const hashed = (name: string, blob: Buffer): string =>
    knownHostsLine(name, keyType(blob), blob.toString('base64'), Buffer.alloc(20, 9)).trim();

  test.each<[title: string, lines: string[], shown: Buffer, is: HostVerdict['is']]>([
    ['match', [hashed('[web1]:2222', ED)], ED, 'known'],
    ['do not match another port', [hashed('[web1]:2223', ED)], ED, 'unknown'],
    ['accuse', [hashed('[web1]:2222', ED2)], ED, 'changed'],
    ['tell of other types', [hashed('[web1]:2222', RSA)], ED, 'other-type'],
  ])('%s', (_title, lines, shown, is) => {
    expect(verdict(lines, ['[web1]:2222', 'web1'], shown).is).toBe(is);
  });

  test('that ssh-keygen made are understood, and ours by ssh-keygen', () => {
    const folder = mkdtempSync(join(tmpdir(), 'copse-known-'));
    const file = join(folder, 'known');
    writeFileSync(file, `${line('web1,10.0.0.5', ED)}\n${line('[web1]:2222', ED2)}\n`);
    const made = spawnSync('ssh-keygen', ['-H', '-f', file]);
    if (made.status !== 0) {
      process.stdout.write('hashed names are not compared: ssh-keygen cannot be run here\n');
      return;
    }
    const known = parseKnownHosts([{ file, text: readFileSync(file, 'utf8') }]);
    writeFileSync(file, `${hashed('[web9]:22022', ED)}\n`);
    const found = spawnSync('ssh-keygen', ['-F', '[web9]:22022', '-f', file], { encoding: 'utf8' });
    rmSync(folder, { recursive: true });

    expect(['web1', '10.0.0.5', '[web1]:2222', 'web2'].map((name) => known.all(name).length)).toEqual([1, 1, 1, 0]);
    expect(known.hashes).toBe(true);
    expect(found.status).toBe(0);
  });
});

test('a name carries the port unless it is 22', () => {
  expect([knownName('Web1', 22), knownName('web1', 2222), knownName('2001:DB8::1', 22)]).toEqual([
    'web1',
    '[web1]:2222',
    '2001:db8::1',
  ]);
});

test('a fingerprint is the one that ssh shows', () => {
  const folder = mkdtempSync(join(tmpdir(), 'copse-print-'));
  writeFileSync(join(folder, 'key.pub'), `ssh-ed25519 ${ED.toString('base64')}\n`);
  const shown = spawnSync('ssh-keygen', ['-l', '-f', join(folder, 'key.pub')], { encoding: 'utf8' });
  rmSync(folder, { recursive: true });

  expect(shown.status === 0 ? shown.stdout.split(' ')[1] : fingerprint(ED)).toBe(fingerprint(ED));
  expect(fingerprint(ED)).toMatch(/^SHA256:[A-Za-z0-9+/]{43}$/);
});

test('known types are asked for first, an RSA key with all its signatures', () => {
  expect(hostKeyOrder(['ssh-rsa']).slice(0, 4)).toEqual(['rsa-sha2-512', 'rsa-sha2-256', 'ssh-rsa', 'ssh-ed25519']);
  expect(hostKeyOrder(['ecdsa-sha2-nistp384'])[0]).toBe('ecdsa-sha2-nistp384');
  expect(hostKeyOrder([])).toEqual(hostKeyOrder(['ssh-ed25519']));
});
