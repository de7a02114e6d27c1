// Draws docs/demo.svg from a real run of the demo: node scripts/picture.mjs (after npm run build).
import { spawnSync } from 'node:child_process';
import { writeFileSync } from 'node:fs';

const COLOURS = {
  1: 'font-weight="bold"',
  2: 'fill="#8b949e"',
  31: 'fill="#ff7b72"',
  32: 'fill="#7ee787"',
  33: 'fill="#e3b341"',
  36: 'fill="#79c0ff"',
};
const WIDTH = 112;
const LINE = 18;
const CHAR = 7.83;

const run = spawnSync(process.execPath, ['dist/main.js', 'demo', '--output', 'plain'], {
  encoding: 'utf8',
  env: { ...process.env, FORCE_COLOR: '1', NO_COLOR: '' },
});
if (run.status !== 0) throw new Error(`the demo ended with ${run.status}: ${run.stderr}`);

const plain = (text) => text.replaceAll(/\u001B\[[0-9;]*m/g, '');
const escape = (text) => text.replaceAll('&', '&amp;').replaceAll('<', '&lt;').replaceAll('>', '&gt;');

function line(text, row) {
  let style = '';
  let column = 0;
  let svg = '';
  for (const part of text.split(/(\u001B\[[0-9;]*m)/)) {
    const code = /^\u001B\[([0-9;]*)m$/.exec(part)?.[1];
    if (code !== undefined) style = COLOURS[code] ?? '';
    else if (part !== '') {
      const shown = part.slice(0, Math.max(0, WIDTH - column));
      const x = 16 + column * CHAR;
      svg += `<text x="${x.toFixed(1)}" y="${40 + row * LINE}" ${style} xml:space="preserve">${escape(shown)}</text>\n`;
      column += part.length;
    }
  }
  return svg;
}

// A terminal would wrap a long line; the picture does it at a blank, under the text of a host.
function wrapped(text) {
  if (plain(text).length <= WIDTH) return [text];
  let cut = text.length;
  while (plain(text.slice(0, cut)).length > WIDTH) cut = text.lastIndexOf(' ', cut - 1);
  return [text.slice(0, cut), ...wrapped(`${' '.repeat(12)}${text.slice(cut + 1)}`)];
}

// The first act, from its run line to the end of its recap.
const all = run.stdout.split('\n');
const from = all.findIndex((text) => plain(text).startsWith('run '));
const to = all.findIndex((text, index) => index > from && /^\d+ hosts: /.test(plain(text)));
const lines = [`$ copse run playbooks/demo.yaml -i inventory.yaml`, ...all.slice(from, to + 1).flatMap(wrapped)];
const height = 40 + lines.length * LINE;
const width = Math.round(32 + WIDTH * CHAR);
writeFileSync(
  'docs/demo.svg',
  `<svg xmlns="http://www.w3.org/2000/svg" width="${width}" height="${height}" viewBox="0 0 ${width} ${height}">
<rect width="100%" height="100%" rx="8" fill="#0d1117"/>
<g font-family="ui-monospace, SFMono-Regular, Menlo, Consolas, monospace" font-size="13" fill="#e6edf3">
${lines.map(line).join('')}</g>
</svg>
`,
);
