import type { Call } from '../calls.ts';
import { packagesOf } from '../model/deployment.ts';
import { evr, nevra, satisfies, type Package } from '../model/packages.ts';
import { bootedOf } from '../model/sysroot.ts';
import type { Machine } from '../machine.ts';
import { readWords } from '../words.ts';

/** `rpm -q NAME…`, `rpm -qa`, with `--qf`. */
export function rpm(call: Call, machine: Machine): number {
  const flags = ['-q --query', '-a --all', '--whatprovides', '--quiet', '-f', '-i', '-l', '-V'];
  const words = readWords(call.args, { flags, values: ['--qf --queryformat'] });
  const { origin, live } = bootedOf(machine.sysroot);
  const applied =
    live === undefined ? undefined : machine.sysroot.deployments.find(({ checksum }) => checksum === live);
  const packages = packagesOf(applied?.origin ?? origin);
  if (words.has('-a')) {
    call.out(packages.map((pkg) => show(pkg, words.last('--qf'))).join(''));
    return 0;
  }
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
