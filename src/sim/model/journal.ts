/** One line of the journal. */
export interface JournalLine {
  /** Counts boots from 0, oldest first. */
  readonly boot: number;
  /** Milliseconds since 1970. */
  readonly at: number;
  /** Empty for the kernel and others without a unit. */
  readonly unit: string;
  readonly ident: string;
  readonly message: string;
  /** syslog priority, 6 is information, 3 an error. */
  readonly priority: number;
  readonly messageId?: string;
}

/** Which lines `journalctl` was asked for. */
export interface JournalQuery {
  readonly units: readonly string[];
  readonly idents: readonly string[];
  /** 0 the current boot, -1 the one before; undefined all. */
  readonly boot: number | undefined;
  readonly last: number | undefined;
  readonly priority: number | undefined;
  /** Milliseconds since 1970. */
  readonly since: number | undefined;
}

/** The lines a query means, oldest first. */
export function select(lines: readonly JournalLine[], query: JournalQuery, boot: number): readonly JournalLine[] {
  const found = lines.filter(
    (line) =>
      (query.units.length === 0 || query.units.includes(line.unit)) &&
      (query.idents.length === 0 || query.idents.includes(line.ident)) &&
      (query.boot === undefined || line.boot === boot + query.boot) &&
      (query.priority === undefined || line.priority <= query.priority) &&
      (query.since === undefined || line.at >= query.since),
  );
  return query.last === undefined ? found : found.slice(-query.last || found.length);
}

/** One line as `journalctl -o FORMAT` prints it. */
export function showLine(line: JournalLine, format: string, hostname: string, bootId: string): string {
  if (format === 'cat') return line.message;
  const stamp = new Date(line.at).toISOString();
  if (format === 'json') return JSON.stringify(fields(line, hostname, bootId));
  const day = `${MONTHS[new Date(line.at).getUTCMonth()] ?? ''} ${stamp.slice(8, 10)} ${stamp.slice(11, 19)}`;
  const when = format.startsWith('short-iso') ? `${stamp.slice(0, 19)}+0000` : day;
  return `${when} ${hostname} ${line.ident}[1]: ${line.message}`;
}

const MONTHS = ['Jan', 'Feb', 'Mar', 'Apr', 'May', 'Jun', 'Jul', 'Aug', 'Sep', 'Oct', 'Nov', 'Dec'];

function fields(line: JournalLine, hostname: string, bootId: string): Readonly<Record<string, string>> {
  return {
    __CURSOR: `s=sim;i=${line.at.toString(16)}`,
    __REALTIME_TIMESTAMP: `${line.at}000`,
    _BOOT_ID: bootId.replaceAll('-', ''),
    _HOSTNAME: hostname,
    PRIORITY: String(line.priority),
    SYSLOG_IDENTIFIER: line.ident,
    ...(line.unit === '' ? {} : { _SYSTEMD_UNIT: line.unit }),
    ...(line.messageId === undefined ? {} : { MESSAGE_ID: line.messageId }),
    MESSAGE: line.message,
  };
}
