/** What an RPM's header says it is. */
export interface RpmNames {
  readonly name: string;
  readonly version: string;
  readonly release: string;
  readonly arch: string;
}

const [BLOCK, LEAD] = [512, 96];

/**
 * A package of the lab with the beginning of a real RPM, so that copse can read what is in it. The lab's packages are tars: a
 * first member is laid before the others, whose name holds the RPM's lead and whose content is the RPM's header.
 */
export function asRpmFile(tar: Uint8Array, names: RpmNames): Uint8Array {
  const header = rpmHeader([names.name, names.version, names.release, names.arch]);
  const first = Buffer.alloc(BLOCK);
  first.writeUInt32BE(0xedabeedb, 0);
  first.writeUInt32BE(0x8eade801, LEAD);
  // the signature has no entries, and ends where the member's content begins; tar reads its size as the owner 0
  first.writeUInt32BE(BLOCK - LEAD - 16, LEAD + 12);
  first.write(`${header.length.toString(8).padStart(11, '0')}\0${'0'.repeat(11)}\0`, 124, 'latin1');
  first.write('        0', 148, 'latin1');
  first.write('ustar\u000000', 257, 'latin1');
  const sum = first.reduce((total, byte) => total + byte, 0);
  first.write(`${sum.toString(8).padStart(6, '0')}\0 `, 148, 'latin1');
  const padding = Buffer.alloc((BLOCK - (header.length % BLOCK)) % BLOCK);
  return Buffer.concat([first, header, padding, tar]);
}

/** Name, version, release and architecture as an RPM has them: an index of 16 bytes each, then the texts. */
function rpmHeader([name = '', version = '', release = '', arch = '']: readonly string[]): Buffer {
  const tags: readonly (readonly [number, string])[] = [
    [1000, name],
    [1001, version],
    [1002, release],
    [1022, arch],
  ];
  const texts = tags.map(([, text]) => Buffer.from(`${text}\0`));
  const start = Buffer.alloc(16 + 16 * tags.length);
  start.writeUInt32BE(0x8eade801, 0);
  start.writeUInt32BE(tags.length, 8);
  start.writeUInt32BE(Buffer.concat(texts).length, 12);
  let offset = 0;
  for (const [index, [tag]] of tags.entries()) {
    [tag, 6, offset, 1].forEach((value, field) => start.writeUInt32BE(value, 16 + 16 * index + 4 * field));
    offset += texts[index]?.length ?? 0;
  }
  return Buffer.concat([start, ...texts]);
}
