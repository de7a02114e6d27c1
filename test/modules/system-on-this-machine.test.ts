import { spawnSync } from 'node:child_process';
import { existsSync, mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, describe, expect, it } from 'vitest';
import type { ModuleContext } from '../../src/core/module.ts';
import { findModule } from '../../src/modules/index.ts';
import { sampleFacts } from './facts-sample.ts';
import { busyboxTools, localHost } from './local-host.ts';

const base = mkdtempSync(join(tmpdir(), 'copse-kernel-'));
afterAll(() => rmSync(base, { recursive: true, force: true }));

const busybox = busyboxTools(join(base, 'busybox'));
const context: ModuleContext = { facts: sampleFacts(), check: true, run: 'r1' };

describe('with the tools of this machine', () => everything(process.env['PATH'] ?? '/usr/bin:/bin'));

describe.skipIf(busybox === undefined)('with the tools of busybox', () => everything(busybox ?? ''));

function everything(path: string): void {
  const host = localHost(path);
  const ask = (name: string, args: unknown) => {
    const module = findModule(name)!;
    const want = module.params.parse(args);
    const have = module.read(host.ask(module.probe(want, context)), want, context);
    return { change: module.plan(want, have, context), result: module.result?.(want, have, [], context) };
  };
  const now = (file: string) => readFileSync(`/proc/sys/${file}`, 'utf8').trim().replaceAll(/\s+/g, ' ');

  it('reads values of the kernel as they are, of one word and of several', () => {
    const values = { 'vm.swappiness': now('vm/swappiness'), 'net.ipv4.ip_local_port_range': '1 2' };

    const { change, result } = ask('sysctl', { file: '00-copse-test', values });

    expect(result).toEqual({
      path: '/etc/sysctl.d/00-copse-test.conf',
      values: { ...values, 'net.ipv4.ip_local_port_range': now('net/ipv4/ip_local_port_range') },
    });
    expect('steps' in change ? change.steps.map((step) => step.say) : change.refuse).toEqual([
      'set net.ipv4.ip_local_port_range to 1 2',
      ...('steps' in change ? change.steps.slice(1).map((step) => step.say) : []),
    ]);
  });

  it('knows which module is loaded, by whom it is used, and which there is not', () => {
    const loaded = existsSync('/proc/modules') ? (readFileSync('/proc/modules', 'utf8').split('\n')[0] ?? '') : '';
    const [name = '', , users = '', by = ''] = loaded.split(' ');

    const usedBy = by.split(',').filter((one) => one !== '' && one !== '-');
    const none = ask('kernel_module', { name: 'copse_no_such_module', state: 'absent' });

    expect([none.change, none.result]).toEqual([
      { steps: [], diff: [], notes: [] },
      { name: 'copse_no_such_module', where: 'nowhere', used_by: [], options: {} },
    ]);
    if (name === '') return;
    const { result, change } = ask('kernel_module', { name, state: 'absent' });
    expect(result).toMatchObject({ name, where: 'loaded', used_by: usedBy });
    expect('refuse' in change).toBe(users !== '0');
  });

  it.skipIf(spawnSync('systemd-analyze', ['calendar', 'daily']).status !== 0)(
    'asks systemd which times it takes, and what a command needs',
    () => {
      const timer = findModule('timer')!;
      const want = timer.params.parse({
        name: 'copse-test',
        command: ['/bin/sh', '-c', ':'],
        user: 'root',
        on_calendar: ['daily', '--help', 'every tuesday', 'Mon..Fri 03:00'],
      });
      const { times, about } = localHost(`${path}:${process.env['PATH'] ?? ''}`).ask(timer.probe(want, context));

      expect(times?.stdout.match(/^wrong \d/gm)).toEqual(['wrong 1', 'wrong 2']);
      expect(about?.stdout).toBe('program\nuser\n');
    },
  );
}
