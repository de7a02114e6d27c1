import { describe, expect, it } from 'vitest';
import { unnamed } from '../../src/playbook/unnamed.ts';

describe('a task without a name', () => {
  it.each<[string, unknown, string]>([
    ['copy', { content: 'x', dest: '/etc/motd' }, 'copy /etc/motd'],
    ['command', 'ls -l\n /etc', 'command ls -l /etc'],
    ['rpm_ostree', { packages: ['tmux', 'nmap'] }, 'rpm_ostree tmux nmap'],
    ['wait_for', { port: 22 }, 'wait_for 22'],
    ['debug', { msg: 'a secret may stand in a message' }, 'debug'],
    ['reboot', null, 'reboot'],
    ['command', { cmd: 'x'.repeat(90) }, `command ${'x'.repeat(51)}…`],
  ])('%s %j is called %s', (module, args, name) => {
    expect(unnamed(module, args)).toBe(name);
  });
});
