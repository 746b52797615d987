/** Asks every address for a module's ready.txt again and again, each time on a connection of its own, until its standard input ends; then it says what it got. */
import { get } from 'node:http';

const [module, pauseMs, ...addresses] = process.argv.slice(2);
const bad = [];
let sent = 0;
let pending = 0;
let ending = false;

function ask(host) {
  sent += 1;
  pending += 1;
  const done = (problem) => {
    pending -= 1;
    if (problem !== null) bad.push(`${host} ${problem}`);
    if (ending) end();
  };
  const request = get({ host, port: 9010, path: `/var/modules/${module}/ready.txt`, agent: false, timeout: 2000 }, (answer) => {
    answer.resume();
    answer.on('end', () => done(answer.statusCode === 200 ? null : `HTTP ${answer.statusCode}`));
  });
  request.on('timeout', () => request.destroy(new Error('no answer in 2 s')));
  request.on('error', (error) => done(error.message));
}
function end() {
  if (pending > 0) return;
  process.stdout.write(JSON.stringify({ sent, bad }));
  process.exit(0);
}
const timer = setInterval(() => {
  for (const host of addresses) ask(host);
}, Number(pauseMs));
process.stdin.resume();
process.stdin.on('end', () => {
  ending = true;
  clearInterval(timer);
  end();
});
