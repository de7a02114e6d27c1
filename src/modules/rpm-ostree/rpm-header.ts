import { NEVRA } from './nevra.ts';

// The format is described in "RPM V4 Package format": a lead of 96 bytes, a signature header padded to 8 bytes, then the header.
const LEAD = 96;
const TAGS = { name: 1000, version: 1001, release: 1002, epoch: 1003, arch: 1022 } as const;

/** Name, epoch, version, release and architecture in an RPM file's own header; undefined when it is not an RPM that we can read. */
export function nevraOfFile(bytes: Uint8Array): string | undefined {
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  try {
    if (view.getUint32(0) !== 0xedabeedb) return undefined;
    const signature = headerAt(view, LEAD);
    const header = headerAt(view, Math.ceil(signature.end / 8) * 8);
    const epoch = header.number(TAGS.epoch);
    const [name, version, release] = [TAGS.name, TAGS.version, TAGS.release].map(header.text);
    // A source package has an architecture too, but no package can be layered from it.
    const nevra = `${name ?? ''}-${epoch === undefined || epoch === 0 ? '' : `${epoch}:`}${version ?? ''}-${release ?? ''}.${header.text(TAGS.arch) ?? ''}`;
    return NEVRA.test(nevra) ? nevra : undefined;
  } catch (error) {
    if (error instanceof RangeError) return undefined;
    throw error;
  }
}

interface Header {
  readonly end: number;
  readonly text: (tag: number) => string | undefined;
  readonly number: (tag: number) => number | undefined;
}

/** One header: magic, counts, an index of 16 bytes an entry, and the data the entries point into. */
function headerAt(view: DataView, start: number): Header {
  if (view.getUint32(start) >>> 8 !== 0x8eade8) throw new RangeError('no header here');
  const entries = view.getUint32(start + 8);
  const size = view.getUint32(start + 12);
  const data = start + 16 + entries * 16;
  const at = (tag: number): number | undefined => {
    for (let index = 0; index < entries; index += 1) {
      const entry = start + 16 + index * 16;
      if (view.getUint32(entry) === tag) return data + view.getUint32(entry + 8);
    }
    return undefined;
  };
  return {
    end: data + size,
    number: (tag) => {
      const offset = at(tag);
      return offset === undefined ? undefined : view.getUint32(offset);
    },
    text: (tag) => {
      const offset = at(tag);
      if (offset === undefined) return undefined;
      let end = offset;
      while (view.getUint8(end) !== 0) end += 1;
      return new TextDecoder().decode(new Uint8Array(view.buffer, view.byteOffset + offset, end - offset));
    },
  };
}
