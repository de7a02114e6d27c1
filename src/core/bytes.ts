import { createHash } from 'node:crypto';

/** Bytes as they travel: a Node Buffer is one. */
export type Bytes = Uint8Array;

/** Text of bytes: UTF-8, with replacement characters where it is not. */
export function textOf(bytes: Bytes): string {
  return new TextDecoder('utf-8', { fatal: false, ignoreBOM: true }).decode(bytes);
}

/** Text that is safe on a terminal: escape sequences and control characters removed, line ends kept. */
export function printable(text: string): string {
  return text
    .replaceAll('\r\n', '\n')
    .replaceAll(/\u001B(?:\[[0-9;?]*[ -/]*[@-~]|\][^\u0007\u001B]*(?:\u0007|\u001B\\)|[@-Z\\-_])/g, '')
    .replaceAll(/[\u0000-\u0008\u000B-\u001F\u007F-\u009F]/g, '');
}

/** sha256 of bytes as hex. */
export function sha256Of(bytes: Bytes): string {
  return createHash('sha256').update(bytes).digest('hex');
}
