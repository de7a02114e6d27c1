import type { Call } from '../calls.ts';
import { packagesOf } from '../model/deployment.ts';
import { evr, nevra, packageOf, rpmNamed, satisfies, type Package } from '../model/packages.ts';
import { runningOf } from '../model/sysroot.ts';
import { folderName } from '../host-files.ts';
import type { Machine } from '../machine.ts';
import { readWords } from '../words.ts';

/** `rpm -q NAME…`, `rpm -qa`, with `--qf`. */
export function rpm(call: Call, machine: Machine): number {
  const flags = [
    '-q --query',
    '-p --package',
    '--nosignature',
    '-a --all',
    '--whatprovides',
    '--quiet',
    '-f',
    '-i',
    '-l',
    '-V',
  ];
  const words = readWords(call.args, { flags, values: ['--qf --queryformat', '--dbpath'] });
  const packages = database(machine, words.last('--dbpath'));
  if (words.has('-a')) {
    call.out(packages.map((pkg) => show(pkg, words.last('--qf'))).join(''));
    return 0;
  }
  if (words.has('-p')) return queryFiles(call, words.rest, words.last('--qf'));
  let missing = 0;
  for (const name of words.rest) {
    const found = packages.find((pkg) =>
      words.has('--whatprovides')
        ? satisfies(pkg, name)
        : [pkg.name, nevra(pkg), `${pkg.name}-${evr(pkg)}`].includes(name),
    );
    if (found === undefined) {
      missing += 1;
      call.out(words.has('--whatprovides') ? `no package provides ${name}\n` : `package ${name} is not installed\n`);
    } else call.out(show(found, words.last('--qf')));
  }
  return missing;
}

/** RPM files of a simulated host are told apart by their names. */
function queryFiles(call: Call, files: readonly string[], format: string | undefined): number {
  const found = files.flatMap((file) => rpmNamed(file) ?? []);
  call.out(found.map((text) => show(packageOf(text), format?.replaceAll(/%\|[^|]*\|/g, ''))).join(''));
  return files.length - found.length;
}

/** The packages that run, or those of the deployment whose folder was named. */
function database(machine: Machine, path: string | undefined): readonly Package[] {
  const { deployments } = machine.sysroot;
  const named = path === undefined ? undefined : deployments.find((one) => path.includes(`/${folderName(one)}/`));
  return packagesOf((named ?? runningOf(machine.sysroot)).origin);
}

function show(pkg: Package, format: string | undefined): string {
  if (format === undefined) return `${nevra(pkg)}\n`;
  const fields: Readonly<Record<string, string>> = {
    NAME: pkg.name,
    VERSION: pkg.version,
    RELEASE: pkg.release,
    ARCH: pkg.arch,
    EPOCH: '(none)',
    EVR: evr(pkg),
    NEVRA: nevra(pkg),
    SUMMARY: pkg.summary,
  };
  return format
    .replaceAll(/%\{(\w+)\}/g, (_, tag: string) => fields[tag.toUpperCase()] ?? '(none)')
    .replaceAll(String.raw`\n`, '\n')
    .replaceAll(String.raw`\t`, '\t');
}
