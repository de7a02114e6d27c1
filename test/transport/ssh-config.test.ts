import { execFileSync, spawnSync } from 'node:child_process';
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import * as fc from 'fast-check';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { foreignLine, matters, settingsFor } from '../../src/transport/ssh-config.ts';
import { readConfig } from '../../src/transport/ssh-config-files.ts';
import { configWords } from '../../src/transport/ssh-config-words.ts';

const hasSsh = spawnSync('ssh', ['-V']).status === 0;
if (!hasSsh) process.stdout.write('comparisons with ssh -G are skipped: there is no ssh here\n');

let folder = '';
beforeAll(() => {
  folder = mkdtempSync(join(tmpdir(), 'copse-sshconfig-'));
});
afterAll(() => rmSync(folder, { recursive: true, force: true }));

/** What ssh says, for the keywords that both say the same way. */
function sshSays(file: string, host: string): Record<string, string> {
  return Object.fromEntries(
    execFileSync('ssh', ['-G', '-F', file, '--', host], { encoding: 'utf8', stdio: ['ignore', 'pipe', 'ignore'] })
      .split('\n')
      .map((line) => [line.slice(0, line.indexOf(' ')), line.slice(line.indexOf(' ') + 1)] as const)
      .filter(([keyword]) =>
        ['hostname', 'user', 'port', 'hostkeyalias', 'proxyjump', 'proxycommand'].includes(keyword),
      ),
  );
}

async function copseSays(file: string, host: string, localUser: string): Promise<Record<string, string>> {
  const lines = await readConfig(file, { home: folder, folder });
  const settings = settingsFor([lines], { host, user: undefined, port: undefined, localUser });
  const said: Record<string, string> = { user: localUser, port: '22' };
  for (const keyword of ['hostname', 'user', 'port', 'hostkeyalias', 'proxyjump', 'proxycommand']) {
    const [value] = settings.get(keyword) ?? [];
    if (value !== undefined && value !== 'none') said[keyword] = value;
  }
  return said;
}

const me = execFileSync('id', ['-un'], { encoding: 'utf8' }).trim();

describe('a configuration reads as ssh reads it', () => {
  test.skipIf(!hasSsh).each([
    ['the first value wins', 'Host web1\n Port 1\nHost *\n Port 2\n User ann\n'],
    ['a negated pattern excludes', 'Host web* !web1\n Port 1\nHost *\n Port 2\n'],
    ['only negated patterns match nothing', 'Host !db1\n Port 1\n'],
    ['patterns are taken without regard to case', 'Host WEB?\n User ann\n'],
    ['a question mark is one character', 'Host web??\n User ann\n'],
    ['keywords may be joined by an equals sign', 'Host=web1\nPort=2201\nUser = ann\n'],
    ['quotes hold words together', 'Host "web1" db1\n User "ann"\n'],
    ['a hash starts a comment between words', 'Host web1 # the first one\n User ann # she\n'],
    ['the host name knows its own token', 'Host web1\n HostName %h.example.com\n'],
    ['a percent sign is doubled', 'Host web1\n HostName 100%%.example.com\n'],
    ['Match host sees the substituted name', 'Host web1\n HostName a.example\nMatch host a.example\n User ann\n'],
    ['Match originalhost sees the name as given', 'HostName a.example\nMatch originalhost web1\n User ann\n'],
    ['Match user sees the user so far', 'User ann\nMatch user ann\n Port 2201\n'],
    ['Match user is the local one when none is set', `Match user ${me}\n Port 2201\n`],
    ['Match localuser', `Match localuser ${me}\n Port 2201\n`],
    ['criteria are all needed', 'Match host web1 user nobody-here\n Port 2201\n'],
    ['criteria can be negated', 'Match !host db1\n Port 2201\n'],
    ['Match all', 'Host db1\n Port 1\nMatch all\n Port 2201\n'],
    ['Match host takes a list', 'Match host db1,web*,!web2\n Port 2201\n'],
    ['the first of jump and command wins', 'ProxyJump a,b@c:22\nProxyCommand nc %h %p\n'],
    ['a command before a jump', 'ProxyCommand nc %h %p\nProxyJump a\n'],
    ['jump none', 'Host web1\n ProxyJump none\nHost *\n ProxyJump a\n'],
    ['a key alias', 'Host web*\n HostKeyAlias fleet\n'],
  ])('%s', async (title, text) => {
    const file = join(folder, title.replaceAll(/\W+/g, '-'));
    writeFileSync(file, text);

    expect(await copseSays(file, 'web1', me)).toEqual(sshSays(file, 'web1'));
  });

  test.skipIf(!hasSsh)('included files apply where they are included, and only there', async () => {
    mkdirSync(join(folder, 'conf.d'), { recursive: true });
    writeFileSync(join(folder, 'conf.d', 'b.conf'), 'Host web1\n User bea\n Port 2202\n');
    writeFileSync(join(folder, 'conf.d', 'a.conf'), 'Host web1\n User ann\n');
    const file = join(folder, 'includes');
    writeFileSync(
      file,
      `Include ${folder}/conf.d/*.conf\nHost db1\n Include ${folder}/conf.d/a.conf\n HostName db.example\nHost *\n Port 9\n`,
    );

    expect(await copseSays(file, 'web1', me)).toEqual(sshSays(file, 'web1'));
    expect(await copseSays(file, 'db1', me)).toEqual(sshSays(file, 'db1'));
  });

  test.skipIf(!hasSsh)(
    'any mix of sections reads the same',
    async () => {
      const pattern = fc.constantFrom('web1', 'web*', 'db1', '*', '!web1', '!db*', 'w?b1');
      const setting = fc.constantFrom(
        'Port 2201',
        'Port 2202',
        'User ann',
        'User bea',
        'HostName %h.example',
        'HostName x',
        'ProxyJump j1',
        'ProxyJump none',
        'ProxyCommand nc %h %p',
        'ProxyCommand none',
        'HostKeyAlias k',
      );
      const head = fc.oneof(
        fc.array(pattern, { minLength: 1, maxLength: 3 }).map((patterns) => `Host ${patterns.join(' ')}`),
        fc.constantFrom(
          'Match all',
          'Match host web1',
          'Match !host x',
          'Match originalhost web1,x',
          'Match user ann',
          'Match host *.example !user bea',
        ),
      );
      const section = fc
        .tuple(head, fc.array(setting, { maxLength: 3 }))
        .map(([first, lines]) => [first, ...lines].join('\n  '));
      const file = join(folder, 'mixed');

      await fc.assert(
        fc.asyncProperty(
          fc.array(section, { maxLength: 5 }),
          fc.constantFrom('web1', 'db1', 'x'),
          async (sections, host) => {
            writeFileSync(file, `${sections.join('\n')}\n`);
            expect(await copseSays(file, host, me)).toEqual(sshSays(file, host));
          },
        ),
        { numRuns: 60 },
      );
    },
    30_000,
  );
});

describe('a line taken apart', () => {
  test.each([
    ['  IdentityFile ~/.ssh/id', { keyword: 'identityfile', words: ['~/.ssh/id'], rest: '~/.ssh/id' }],
    ['IdentityFile="/a b/c"', { keyword: 'identityfile', words: ['/a b/c'], rest: '"/a b/c"' }],
    [
      String.raw`Host a\ b 'c d' "e\"f"`,
      { keyword: 'host', words: ['a b', 'c d', 'e"f'], rest: String.raw`a\ b 'c d' "e\"f"` },
    ],
    ['# nothing', undefined],
    ['', undefined],
  ])('%s', (line, words) => {
    expect(configWords(line)).toEqual(words);
  });
});

describe('what only ssh can tell', () => {
  test.each([
    ['Match exec "true"\n Port 1\n', 'match'],
    ['Match final host x\n Port 1\n', 'match'],
    ['CanonicalizeHostname yes\n', 'canonicalizehostname'],
    ['CanonicalizeHostname no\nMatch host x user y\n Port 1\n', undefined],
  ])('%s', async (text, keyword) => {
    const file = join(folder, 'foreign');
    writeFileSync(file, text);

    expect(foreignLine(await readConfig(file, { home: folder, folder }))?.keyword).toBe(keyword);
  });

  test('a configuration without a word on connections costs nothing', async () => {
    const file = join(folder, 'plain');
    writeFileSync(file, 'Host *\n SendEnv LANG LC_*\n HashKnownHosts yes\nMatch final all\n Ciphers aes128-ctr\n');

    expect(matters(await readConfig(file, { home: folder, folder }))).toBe(false);
  });
});
