import t from 'tap';
import {
  graceMs,
  isLate,
  isPause,
  joiningMs,
  listenedMs,
  mergingMs,
  nextHealth,
  patienceMs,
  rememberLateness,
  worstLateness,
} from '../../src/machines/membership-patience.js';

t.test('lateness and pauses', async (t) => {
  t.same([isLate(50, 100), isLate(51, 100)], [false, true]);
  t.same([isPause(199, 100), isPause(200, 100), isPause(60, 25), isPause(100, 25)], [false, true, false, true]);
});

t.test('health: each late tick costs a step, five on time win one back, between 1 and 8', async (t) => {
  let state = { health: 1, onTimeTicks: 0 };
  for (let tick = 0; tick < 10; tick += 1) state = nextHealth(state, 90, 100);
  t.equal(state.health, 8);
  for (let tick = 0; tick < 4; tick += 1) state = nextHealth(state, 1, 100);
  t.equal(state.health, 8);
  state = nextHealth(state, 1, 100);
  t.equal(state.health, 7);
  for (let tick = 0; tick < 100; tick += 1) state = nextHealth(state, 1, 100);
  t.equal(state.health, 1);
});

t.test('patience grows with doubt and with what the peer says of itself, within bounds', async (t) => {
  const plain = { pulseMs: 100, count: 5, health: 1, peerLagMs: 0 };
  t.equal(patienceMs(plain), 500);
  t.equal(patienceMs({ ...plain, health: 8 }), 4_000);
  t.equal(patienceMs({ ...plain, peerLagMs: 80 }), 580);
  t.equal(patienceMs({ ...plain, peerLagMs: 60_000 }), 1_500);
  t.equal(patienceMs({ ...plain, peerLagMs: -5 }), 500);
});

t.test('listening time stands still while a node is suspended', async (t) => {
  t.same([listenedMs(100, 100), listenedMs(3_600_000, 100), listenedMs(-5, 100)], [100, 150, 0]);
});

t.test('waiting times follow the configuration', async (t) => {
  const counts = { pulseMs: 100, slostCount: 5, mlostCount: 8 };
  t.same([graceMs(counts), joiningMs(counts), mergingMs(100)], [1_300, 800, 300]);
});

t.test('the worst lateness of the last five seconds', async (t) => {
  let list = rememberLateness([], { atMs: 0, lateMs: 30 });
  list = rememberLateness(list, { atMs: 1_000, lateMs: 10.4 });
  list = rememberLateness(list, { atMs: 2_000, lateMs: 3 });
  t.equal(worstLateness(list), 30);
  list = rememberLateness(list, { atMs: 5_000, lateMs: 1 });
  t.equal(worstLateness(list), 20);
  t.equal(worstLateness(rememberLateness([], { atMs: 0, lateMs: 4.9 })), 0);
  list = rememberLateness(list, { atMs: 5_100, lateMs: 70 });
  t.same(list.length, 1);
  t.equal(worstLateness([]), 0);
});
