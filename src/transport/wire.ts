/** A value with its length in front, as SSH writes strings. */
export function sshString(value: string | Buffer): Buffer {
  const bytes = typeof value === 'string' ? Buffer.from(value) : value;
  return Buffer.concat([uint32(bytes.length), bytes]);
}

/** Four bytes, most significant first. */
export function uint32(value: number): Buffer {
  const bytes = Buffer.alloc(4);
  bytes.writeUInt32BE(value);
  return bytes;
}

/** A positive number as SSH writes it: without leading zeros, never looking negative. */
export function mpint(bytes: Buffer): Buffer {
  let start = 0;
  while (start < bytes.length && bytes[start] === 0) start += 1;
  const digits = bytes.subarray(start);
  const negative = (digits[0] ?? 0) >= 0x80;
  return sshString(negative ? Buffer.concat([Buffer.alloc(1), digits]) : digits);
}

/** Reads SSH values from a message one after the other; throws a RangeError when the message ends too early. */
export interface WireReader {
  byte(): number;
  uint32(): number;
  string(): Buffer;
  rest(): Buffer;
}

/** A reader over one message. */
export function wireReader(message: Buffer): WireReader {
  let at = 0;
  const take = (length: number): Buffer => {
    if (at + length > message.length) throw new RangeError('the message ends too early');
    at += length;
    return message.subarray(at - length, at);
  };
  return {
    byte: () => take(1).readUInt8(),
    uint32: () => take(4).readUInt32BE(),
    string: () => take(take(4).readUInt32BE()),
    rest: () => take(message.length - at),
  };
}
