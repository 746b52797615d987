import t from 'tap';
import { formatClassic, formatClassicTime, formatCommandClassic } from '../../src/http/log-format.js';

t.test("the module log's line", async (t) => {
  const entry = {
    wallMs: Date.UTC(2026, 0, 31, 9, 5, 7, 42) + 0.25,
    level: 'E',
    component: 'heart',
    message: 'Local state UP Ready',
  };
  t.equal(formatClassic(entry, true), '| 2026-01-31 09:05:07.042250 | heart | E | Local state UP Ready');
  t.match(formatClassic(entry), /^\| 2026-\d\d-\d\d \d\d:\d\d:\d\d\.042250 \| heart \| E \| Local state UP Ready$/);
});

t.test('one entry is one line, whatever it holds', async (t) => {
  const line = formatClassic(
    { wallMs: 0, level: 'E\n', component: 'a\tb', message: 'x\r\n| forged\u001b[31m\u2028\u0085' },
    true,
  );
  t.equal(line, '| 1970-01-01 00:00:00.000000 | a b | E  | x | forged [31m ');
});

t.test('a time that is none', async (t) => {
  t.equal(formatClassicTime(Number.NaN).length, formatClassicTime(0).length);
  t.equal(formatClassicTime(Number.NaN), '---------- --:--:--.------');
});

t.test("the command log's line", async (t) => {
  const entry = { wallMs: 0, who: 'root', module: 'farm', phase: 'START', text: 'start -m farm' };
  t.equal(formatCommandClassic(entry, true), '| 1970-01-01 00:00:00.000000 | root | farm | START | start -m farm');
  t.equal(
    formatCommandClassic({ ...entry, module: null, phase: 'END', text: '0' }, true),
    '| 1970-01-01 00:00:00.000000 | root | - | END | 0',
  );
  t.match(formatCommandClassic(entry), /\| root \| farm \| START \|/);
});
