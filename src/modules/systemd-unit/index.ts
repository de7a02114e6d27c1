import { defineModule } from '../../core/module.ts';
import { plan } from './plan.ts';
import { Params } from './schema.ts';
import { ask, read, type Unit } from './state.ts';

/** Units of systemd: running, enabled, masked. */
export const systemdUnit = defineModule<Params, Unit | undefined>({
  name: 'systemd_unit',
  summary: 'Starts, stops, enables and masks units of systemd.',
  notes: [
    'State comes from "systemctl show", and is read again afterwards: a service that starts and falls over at once fails the task. That a unit was restarted is proven by its invocation id, that it was reloaded by the time of its last change.',
    'systemd reads its files again by itself where it says that those of the unit have changed. The files themselves are written by copy.',
  ],
  kind: 'state',
  params: Params,
  freeForm: 'name',
  returns: {
    name: { type: 'string', description: 'the unit, with its suffix' },
    active: { type: 'string', description: 'active, inactive, failed, activating and more' },
    sub: { type: 'string', description: 'the finer state, such as running, exited, dead' },
    file: { type: 'string', description: 'enabled, disabled, static, masked and more; empty where there is no file' },
    load: { type: 'string', description: 'loaded, not-found, masked, bad-setting, error' },
  },
  examples: [
    '- systemd_unit: {name: chronyd, state: started, enabled: true}',
    '- name: nobody updates behind our back\n  systemd_unit: {name: zincati.service, state: stopped, masked: true}',
    '- name: restart app\n  systemd_unit: {name: app.service, state: restarted}',
    '- systemd_unit: {daemon_reload: true}',
  ],
  probe: ask,
  read: (answers, want) => read(answers['unit'], want),
  plan,
  result: (want, unit) => ({
    name: want.name ?? '',
    active: unit?.active ?? '',
    sub: unit?.sub ?? '',
    file: unit?.file ?? '',
    load: unit?.load ?? '',
  }),
});
