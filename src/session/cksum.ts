import type { Bytes } from '../core/bytes.ts';

const TABLE = Uint32Array.from({ length: 256 }, (_, index) => {
  let value = index << 24;
  for (let bit = 0; bit < 8; bit += 1) value = value & 0x8000_0000 ? (value << 1) ^ 0x04c1_1db7 : value << 1;
  return value >>> 0;
});

/** The checksum that POSIX `cksum` prints: a CRC-32 over the bytes and then their count. For hosts without sha256sum. */
export function cksum(bytes: Bytes): number {
  let crc = 0;
  for (const byte of bytes) crc = next(crc, byte);
  for (let length = bytes.length; length > 0; length = Math.floor(length / 256)) crc = next(crc, length % 256);
  return ~crc >>> 0;
}

function next(crc: number, byte: number): number {
  return ((crc << 8) ^ (TABLE[((crc >>> 24) ^ byte) & 0xff] ?? 0)) >>> 0;
}
