import type { Step } from '../../src/core/step.ts';
import { countOf, MIB, used, type Disk, type LvmModel, type Lv } from './lvm-model.ts';

/** Does what a step says, by the rules of lvm; throws where lvm would fail. */
export function applyToLvm(model: LvmModel, step: Step): void {
  if (step.do === 'put') {
    model.profiles.set(step.path, String(step.content));
    return;
  }
  if (step.do !== 'run' && step.do !== 'transaction') throw new Error(`no such step: ${step.do}`);
  const words: readonly string[] = step.command.argv;
  const [program, verb = '', text = '', , ...values] = words;
  if (program === 'sh') applyScript(model, text, values);
  else (VERBS[verb] ?? refuse(`no such command: ${verb}`))(model, step.command.argv.slice(2));
}

function applyScript(model: LvmModel, text: string, values: readonly string[]): void {
  const [first = '', second = ''] = values;
  if (text.includes('wipefs -a')) diskAt(model, first).signatures = [];
  else if (text.includes('lvm pvmove')) move(model, first, values.slice(1));
  else if (text.includes('xfs_growfs')) growInside(model, first);
  else if (text.includes('e2fsck -f -p -- "$1"')) volumeAt(model, first).fs = Number(second.replace('K', '')) * 1024;
  else throw new Error(`unknown script: ${text.slice(0, 60)}`);
}

type Verb = (model: LvmModel, words: readonly string[]) => true;

const VERBS: Readonly<Record<string, Verb>> = {
  vgcreate: (model, words) => {
    const { options, rest } = parse(words, ['-s', '--addtag']);
    const [name = '', ...paths] = rest;
    if (model.group !== undefined) refuse('the group is there already');
    model.group = {
      name,
      extentSize: bytesOf(options.get('-s')),
      pvs: new Map(),
      spare: new Map(),
      tags: [...(options.get('--addtag') ?? [])],
    };
    for (const path of paths) join(model, path);
    return true;
  },
  vgextend: (model, words) => {
    for (const path of words.slice(1)) join(model, path);
    return true;
  },
  vgreduce: (model, [, path = '']) => {
    if (used(model, path) > 0) refuse('still in use');
    model.group?.pvs.delete(path);
    return true;
  },
  vgremove: (model) => {
    if (model.lvs.size > 0) refuse('volumes are left');
    model.group = undefined;
    return true;
  },
  vgchange: (model, words) => {
    if (model.group !== undefined)
      model.group.tags = retag(model.group.tags, parse(words, ['--addtag', '--deltag']).options);
    return true;
  },
  pvremove: (model, paths) => {
    for (const path of paths) {
      if (model.group?.pvs.has(path) === true) refuse('a member');
      delete diskAt(model, path).uuid;
    }
    return true;
  },
  pvresize: (model, [path = '']) => {
    model.group?.pvs.set(path, extentsOf(model, diskAt(model, path)));
    return true;
  },
  lvcreate,
  lvextend,
  lvreduce: (model, words) => {
    const { options, rest } = parse(words, ['-l'], ['-f', '-y']);
    const lv = volumeAt(model, rest[0] ?? '');
    const extents = Number(options.get('-l')?.[0]);
    if (lv.fs > extents * (model.group?.extentSize ?? 0)) refuse('the file system would be cut');
    release(lv.on, lv.kind === 'thin' ? 0 : lv.extents - extents);
    lv.extents = extents;
    return true;
  },
  lvremove: (model, words) => {
    const [name = ''] = words.filter((word) => word !== '-y');
    const gone = name.includes('/')
      ? [nameOf(name), ...[...model.lvs].filter(([, lv]) => lv.pool === nameOf(name)).map(([other]) => other)]
      : [...model.lvs.keys()];
    if (name.includes('/')) volumeAt(model, name);
    for (const one of gone) model.lvs.delete(one);
    settleSpare(model);
    return true;
  },
  lvchange: (model, words) => {
    const values = [
      '--addtag',
      '--deltag',
      '-k',
      '-Z',
      '--discards',
      '--errorwhenfull',
      '--metadataprofile',
      '--monitor',
    ];
    const { options, rest } = parse(words, values, ['-ay', '-an', '-K', '--detachprofile']);
    const lv = volumeAt(model, rest[0] ?? '');
    const last = (key: string): string | undefined => options.get(key)?.at(-1);
    lv.tags = retag(lv.tags, options);
    if (options.has('-ay') && (!lv.skip || options.has('-K'))) lv.active = true;
    if (options.has('-an')) lv.active = false;
    lv.skip = last('-k') === undefined ? lv.skip : last('-k') === 'y';
    lv.zero = last('-Z') === undefined ? lv.zero : last('-Z') === 'y';
    lv.discards = last('--discards') ?? lv.discards;
    if (options.has('--errorwhenfull')) lv.whenFull = last('--errorwhenfull') === 'y' ? 'error' : 'queue';
    lv.profile = options.has('--detachprofile') ? '' : (last('--metadataprofile') ?? lv.profile);
    if (lv.profile !== '' && !model.profiles.has(`/etc/lvm/profile/${lv.profile}.profile`)) refuse('no such profile');
    if (options.has('--monitor')) lv.monitored = last('--monitor') === 'y';
    return true;
  },
};

function lvcreate(model: LvmModel, words: readonly string[]): true {
  const values = [
    '-n',
    '-l',
    '-V',
    '--type',
    '--thinpool',
    '-c',
    '--poolmetadatasize',
    '--poolmetadataspare',
    '-Z',
    '--discards',
    '--monitor',
    '--metadataprofile',
    '--addtag',
    '-k',
  ];
  const { options } = parse(words, values, ['-y']);
  const last = (key: string, otherwise = ''): string => options.get(key)?.at(-1) ?? otherwise;
  const kind = last('--type', 'linear') as Lv['kind'];
  const name = last('-n');
  if (model.lvs.has(name)) refuse(`${name} is there already`);
  const size = model.group?.extentSize ?? 1;
  const extents = kind === 'thin' ? bytesOf([last('-V')]) / size : Number(last('-l'));
  const metadata = kind === 'thin-pool' ? Math.ceil(bytesOf([last('--poolmetadatasize')]) / size) : 0;
  if (!Number.isInteger(extents) || extents < 1) refuse(`not whole extents: ${extents}`);
  if (kind === 'thin' && model.lvs.get(last('--thinpool'))?.kind !== 'thin-pool') refuse('no such pool');
  const lv: Lv = {
    kind,
    extents,
    metadata,
    on: new Map(),
    pool: kind === 'thin' ? last('--thinpool') : '',
    active: true,
    fs: 0,
    skip: last('-k') === 'y',
    tags: [...(options.get('--addtag') ?? [])],
    profile: last('--metadataprofile'),
    monitored: last('--monitor') !== 'n',
    chunk: bytesOf([last('-c', '0b')]),
    zero: last('-Z', 'y') === 'y',
    discards: kind === 'thin-pool' ? last('--discards', 'passdown') : '',
    whenFull: 'queue',
  };
  model.lvs.set(name, lv);
  if (kind !== 'thin') take(model, lv.on, extents + metadata);
  settleSpare(model);
  return true;
}

/** As lvm 2.03.31 was seen to do it: more data takes more metadata where 64 bytes for each chunk need it. */
function lvextend(model: LvmModel, words: readonly string[]): true {
  const { options, rest } = parse(words, ['-l', '--poolmetadatasize']);
  const lv = volumeAt(model, rest[0] ?? '');
  const size = model.group?.extentSize ?? 1;
  const metadata = Math.ceil(bytesOf(options.get('--poolmetadatasize') ?? ['0b']) / size);
  const extents = Number(options.get('-l')?.[0] ?? lv.extents);
  if (extents <= lv.extents && metadata <= lv.metadata) refuse('not larger than it is');
  const natural =
    lv.kind === 'thin-pool' && extents > lv.extents
      ? Math.ceil((Math.ceil((extents * size) / lv.chunk) * 64) / size)
      : 0;
  const wanted = Math.max(lv.metadata, metadata, natural);
  if (lv.kind !== 'thin') take(model, lv.on, extents - lv.extents + wanted - lv.metadata);
  lv.extents = extents;
  lv.metadata = lv.kind === 'thin-pool' ? wanted : 0;
  settleSpare(model);
  return true;
}

function take(model: LvmModel, on: Map<string, number>, extents: number, targets?: readonly string[]): void {
  let left = extents;
  for (const [path, total] of model.group?.pvs ?? []) {
    if (targets !== undefined && !targets.includes(path)) continue;
    const some = Math.min(left, total - used(model, path));
    on.set(path, (on.get(path) ?? 0) + some);
    left -= some;
  }
  if (left > 0) refuse(`insufficient free extents: ${left} of ${extents} are not there`);
}

function release(on: Map<string, number>, extents: number): void {
  let left = extents;
  for (const [path, count] of on) {
    const some = Math.min(left, count);
    on.set(path, count - some);
    left -= some;
  }
}

/** The spare is as large as the largest metadata was, and goes with the last pool. */
function settleSpare(model: LvmModel): void {
  if (model.group === undefined) return;
  const { spare } = model.group;
  const pools = [...model.lvs.values()].filter((lv) => lv.kind === 'thin-pool');
  const wanted = pools.length === 0 ? 0 : Math.max(countOf(spare), ...pools.map((lv) => lv.metadata));
  if (wanted > countOf(spare)) take(model, spare, wanted - countOf(spare));
  else release(spare, countOf(spare) - wanted);
}

/** A disk with anything on it is refused, as lvm does without a terminal. */
function join(model: LvmModel, path: string): void {
  const disk = diskAt(model, path);
  if (disk.signatures.length > 0) refuse(`signatures on ${path}`);
  if (model.group?.pvs.has(path) === true) refuse(`${path} is a member already`);
  disk.uuid ??= `uuid-${model.next}`;
  model.next += 1;
  const extents = extentsOf(model, disk);
  if (extents < 1) refuse(`${path} is too small`);
  model.group?.pvs.set(path, extents);
}

/** Whole extents behind the label, which takes 1 MiB. */
function extentsOf(model: LvmModel, disk: Disk): number {
  return Math.floor((disk.bytes - MIB) / (model.group?.extentSize ?? 1));
}

function move(model: LvmModel, path: string, targets: readonly string[]): void {
  for (const on of [...[...model.lvs.values()].map((lv) => lv.on), model.group?.spare ?? new Map<string, number>()]) {
    const count = on.get(path) ?? 0;
    on.delete(path);
    if (count > 0) take(model, on, count, targets);
  }
}

function growInside(model: LvmModel, device: string): void {
  const lv = volumeAt(model, device);
  if (lv.fs > 0) lv.fs = lv.extents * (model.group?.extentSize ?? 0);
}

function diskAt(model: LvmModel, path: string): Disk {
  return model.disks.find((disk) => disk.path === path) ?? refuse(`no disk ${path}`);
}

function volumeAt(model: LvmModel, path: string): Lv {
  return model.lvs.get(nameOf(path)) ?? refuse(`no volume ${path}`);
}

function nameOf(path: string): string {
  return path.split('/').at(-1) ?? '';
}

function bytesOf(words: readonly string[] | undefined): number {
  const word = words?.at(-1) ?? '';
  if (!/^\d+b$/.test(word)) refuse(`not a number of bytes: ${word}`);
  return Number(word.slice(0, -1));
}

function retag(tags: readonly string[], options: ReadonlyMap<string, readonly string[]>): string[] {
  const unwanted = options.get('--deltag') ?? [];
  return [...tags.filter((tag) => !unwanted.includes(tag)), ...(options.get('--addtag') ?? [])];
}

function parse(
  words: readonly string[],
  values: readonly string[],
  flags: readonly string[] = [],
): { options: Map<string, string[]>; rest: string[] } {
  const options = new Map<string, string[]>();
  const rest: string[] = [];
  for (let at = 0; at < words.length; at += 1) {
    const word = words[at] ?? '';
    if (values.includes(word)) {
      at += 1;
      options.set(word, [...(options.get(word) ?? []), words[at] ?? '']);
    } else if (flags.includes(word)) options.set(word, []);
    else if (word.startsWith('-')) refuse(`unknown option ${word}`);
    else rest.push(word);
  }
  return { options, rest };
}

function refuse(why: string): never {
  throw new Error(`lvm: ${why}`);
}
