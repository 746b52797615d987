// Makes docs/demo.txt and docs/demo.svg from what the demo really prints: runs it in a terminal (`script` of util-linux), kills the
// application of n1 once, ends it with Ctrl-C's signal, and draws the last picture of its table.
import { spawn } from 'node:child_process';
import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { ensure } from './ensure.mjs';

const root = fileURLToPath(new URL('..', import.meta.url));
const escapeCharacter = String.fromCharCode(27);
const pidFile = join(root, '.demo', 'n1', 'var', 'modules', 'web', 'web.pid');

ensure({ install: false });
const command = `stty cols 140 rows 50; exec node ${join('dist', 'demo', 'main.js')}`;
const child = spawn('script', ['-qec', command, '/dev/null'], { cwd: root, stdio: ['ignore', 'pipe', 'inherit'] });
let out = '';
let killed = false;
let ended = false;
let begunMs = 0;
child.stdout.setEncoding('utf8').on('data', (chunk) => {
  out += chunk;
  if (begunMs === 0 && out.includes('Ctrl-C ends')) begunMs = Date.now();
  // Killed once; the picture is taken when the balancer has calmed down.
  if (begunMs > 0 && !killed && Date.now() - begunMs > 4_000) {
    killed = true;
    process.kill(Number(readFileSync(pidFile, 'utf8')), 'SIGKILL');
  }
  if (killed && !ended && Date.now() - begunMs > 12_000) {
    ended = true;
    const [demo] = JSON.parse(readFileSync(join(root, '.demo', 'processes.json'), 'utf8')).entries;
    process.kill(demo.pid, 'SIGINT');
  }
});
child.on('error', (error) => {
  process.stderr.write(`script (util-linux) cannot be run: ${error.message}\n`);
  process.exit(1);
});
child.on('close', () => {
  const text = out.replaceAll('\r\n', '\n').replaceAll(`${escapeCharacter}[2K`, '').replaceAll(`${escapeCharacter}[0J`, '');
  const guide = text.slice(text.indexOf('starting the daemons'), text.indexOf('┌'));
  const last = text.slice(text.lastIndexOf('┌'), text.indexOf('\n', text.lastIndexOf('requests through')));
  if (guide === '' || last === '') {
    process.stderr.write(`the demo did not get that far:\n${text}\n`);
    process.exit(1);
  }
  const lines = ['$ npm run demo', ...guide.trimEnd().split('\n'), '', ...last.split('\n')];
  writeFileSync(join(root, 'docs', 'demo.txt'), `${lines.map(plain).join('\n')}\n`);
  writeFileSync(join(root, 'docs', 'demo.svg'), svg(lines));
});

function plain(line) {
  return line
    .split(escapeCharacter)
    .map((part, index) => (index === 0 ? part : part.replace(/^\[[0-9;]*[A-Za-z]/, '')))
    .join('');
}
function svg(lines) {
  const colours = { 31: '#ff7b72', 32: '#7ee787', 33: '#e3b341' };
  const width = Math.ceil(Math.max(...lines.map((line) => plain(line).length)) * 8.43 + 40);
  const height = lines.length * 19 + 40;
  const xml = (text) => text.replaceAll('&', '&amp;').replaceAll('<', '&lt;').replaceAll('>', '&gt;');
  const rows = lines.map((line, row) => {
    const spans = line.split(escapeCharacter).map((part, index) => {
      const [, code, text] = index === 0 ? [null, '0', part] : (/^\[([0-9;]*)[A-Za-z](.*)$/s.exec(part) ?? [null, '0', part]);
      return text === '' ? '' : `<tspan fill="${colours[code] ?? '#e6edf3'}">${xml(text)}</tspan>`;
    });
    return `<text x="20" y="${row * 19 + 34}" xml:space="preserve" textLength="${(plain(line).length * 8.43).toFixed(1)}">${spans.join('')}</text>`;
  });
  return [
    `<svg xmlns="http://www.w3.org/2000/svg" width="${width}" height="${height}" viewBox="0 0 ${width} ${height}" role="img" aria-label="The demo's table: two nodes, their daemons, modules and applications, and what the load balancer thinks of them">`,
    '<rect width="100%" height="100%" rx="8" fill="#0d1117"/>',
    '<g font-family="ui-monospace, SFMono-Regular, Menlo, Consolas, DejaVu Sans Mono, monospace" font-size="14">',
    ...rows.filter((row) => !row.includes('textLength="0.0"')),
    '</g>',
    '</svg>',
    '',
  ].join('\n');
}
