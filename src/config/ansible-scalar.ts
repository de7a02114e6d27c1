const BOOLEAN = /^(?:yes|Yes|YES|true|True|TRUE|on|On|ON)$|^(no|No|NO|false|False|FALSE|off|Off|OFF)$/;
const INTEGER = /^[-+]?(?:0b[01_]+|0x[0-9a-fA-F_]+|0[0-7_]+|0|[1-9][0-9_]*)$/;
const SEXAGESIMAL = /^[-+]?[1-9][0-9_]*(?::[0-5]?[0-9])+$/;
const LOOKS_NUMERIC_ONLY_IN_CORE =
  /^[-+]?[0-9]+[eE][-+]?[0-9]+$|^[-+]?[0-9]*\.[0-9]*[eE][0-9]+$|^[-+]\.[0-9]|^[-+]?0o[0-7]+$|^[-+]?0[0-9]*[89][0-9]*$/;

/**
 * A plain scalar as Ansible's YAML 1.1 reader (PyYAML) reads it, where that differs from YAML 1.2;
 * undefined where both agree.
 */
export function ansibleScalar(source: string): unknown {
  const boolean = BOOLEAN.exec(source);
  if (boolean !== null) return boolean[1] === undefined;
  if (LOOKS_NUMERIC_ONLY_IN_CORE.test(source)) return source;
  if (SEXAGESIMAL.test(source)) return sexagesimal(source);
  if (INTEGER.test(source)) return integer(source);
  return /^[-+]?(?:[0-9][0-9_]*)\.[0-9_]*$/.test(source) && source.includes('_')
    ? Number(source.replaceAll('_', ''))
    : undefined;
}

function integer(source: string): number | undefined {
  const digits = source.replaceAll('_', '');
  const sign = digits.startsWith('-') ? -1 : 1;
  const bare = digits.replace(/^[-+]/, '');
  const octal = /^0[0-7]+$/.test(bare);
  const value = octal ? Number.parseInt(bare, 8) : Number(bare);
  return Number.isSafeInteger(value) && bare !== '' ? sign * value : undefined;
}

function sexagesimal(source: string): number {
  const sign = source.startsWith('-') ? -1 : 1;
  const parts = source.replace(/^[-+]/, '').replaceAll('_', '').split(':');
  let total = 0;
  for (const part of parts) total = total * 60 + Number(part);
  return sign * total;
}
