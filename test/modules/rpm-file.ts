const encoder = new TextEncoder();

/** The smallest bytes that are an RPM file for who reads its headers: what its name says is in it, `name-[epoch:]version-release.arch.rpm`. */
export function rpmFile(path: string): Uint8Array {
  const [, name, epoch, version, release, arch] =
    /([^/]+)-(?:(\d+):)?([^-/]+)-([^-/]+)\.([^./]+)\.rpm$/.exec(path) ?? [];
  if (name === undefined) return encoder.encode('not an RPM');
  const texts: (readonly [number, string])[] = [
    [1000, name],
    [1001, version ?? ''],
    [1002, release ?? ''],
    [1022, arch ?? ''],
  ];
  const lead = new Uint8Array(96);
  lead.set([0xed, 0xab, 0xee, 0xdb, 3, 0]);
  const signature = header([[1000, 'x']], undefined);
  const padded = new Uint8Array(Math.ceil((96 + signature.length) / 8) * 8 - 96);
  padded.set(signature);
  return join([lead, padded, header(texts, epoch === undefined ? undefined : Number(epoch))]);
}

function header(texts: readonly (readonly [number, string])[], epoch: number | undefined): Uint8Array {
  const index: number[][] = [];
  const data: number[] = [];
  if (epoch !== undefined) {
    index.push([1003, 4, 0, 1]);
    data.push(...word(epoch));
  }
  for (const [tag, text] of texts) {
    index.push([tag, 6, data.length, 1]);
    data.push(...encoder.encode(text), 0);
  }
  return Uint8Array.from([
    0x8e,
    0xad,
    0xe8,
    1,
    0,
    0,
    0,
    0,
    ...word(index.length),
    ...word(data.length),
    ...index.flat().flatMap(word),
    ...data,
  ]);
}

function word(value: number): number[] {
  return [(value >>> 24) & 255, (value >>> 16) & 255, (value >>> 8) & 255, value & 255];
}

function join(parts: readonly Uint8Array[]): Uint8Array {
  const whole = new Uint8Array(parts.reduce((sum, part) => sum + part.length, 0));
  let at = 0;
  for (const part of parts) {
    whole.set(part, at);
    at += part.length;
  }
  return whole;
}
