import { execFileSync } from 'node:child_process';
import { randomBytes } from 'node:crypto';
import { describe, expect, it } from 'vitest';
import { cksum } from '../../src/session/cksum.ts';

describe('cksum', () => {
  it.each([0, 1, 255, 256, 70_000])('is what the tool of that name says of %i bytes', (size) => {
    const bytes = randomBytes(size);
    const said = execFileSync('cksum', { input: bytes }).toString().split(' ');

    expect([String(cksum(bytes)), String(size)]).toEqual([said[0], said[1]?.trim()]);
  });
});
