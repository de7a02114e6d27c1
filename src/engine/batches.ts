/**
 * Sizes of the batches `serial` asks for over a number of hosts: counts and percents in turn, the last one repeated. Percents
 * are integers of hundredths, rounded down, at least one host.
 */
export function batchSizes(serial: readonly (number | string)[], hosts: number): number[] {
  if (serial.length === 0 || hosts === 0) return hosts === 0 ? [] : [hosts];
  const sizes: number[] = [];
  let left = hosts;
  for (let index = 0; left > 0; index += 1) {
    const wanted = sizeOf(serial[Math.min(index, serial.length - 1)] ?? hosts, hosts);
    const size = Math.min(left, wanted <= 0 ? left : wanted);
    sizes.push(size);
    left -= size;
  }
  return sizes;
}

function sizeOf(wanted: number | string, hosts: number): number {
  if (typeof wanted === 'number') return wanted;
  const percent = /^(\d+)(?:\.(\d{1,2}))?%$/.exec(wanted);
  if (percent === null) return Number(wanted);
  const basisPoints = BigInt(percent[1] ?? '0') * 100n + BigInt((percent[2] ?? '').padEnd(2, '0'));
  return Math.max(1, Number((basisPoints * BigInt(hosts)) / 10_000n));
}
