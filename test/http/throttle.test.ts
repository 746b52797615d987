/** Throttling and sessions by a clock of the test's, and cookies. */
import t from 'tap';
import type { Principal } from '../../src/actors/face-auth.js';
import { cookieOf, setCookie } from '../../src/http/auth-cookies.js';
import { isRouteRole, permits } from '../../src/http/auth-roles.js';
import { createSessions, sameText } from '../../src/http/auth-sessions.js';
import { createThrottle, defaultThrottleLimits, throttledAddress } from '../../src/http/auth-throttle.js';

t.test('wrong passwords are slowed down, and forgotten one by one', (t) => {
  let now = 0;
  const throttle = createThrottle(defaultThrottleLimits, () => now);
  for (let one = 0; one < 5; one += 1) t.equal(throttle.enter('ada', '10.0.0.1', false), 0);
  t.equal(throttle.enter('ada', '10.0.0.1', false), 10_000);
  t.equal(throttle.enter('ada', '10.0.0.2', false), 0, 'another address may');
  t.equal(throttle.enter('eve', '10.0.0.1', false), 0, 'another user may');
  now += 4000;
  t.equal(throttle.enter('ada', '10.0.0.1', false), 6000, 'a try that was refused costs nothing');
  now += 6000;
  t.equal(throttle.enter('ada', '10.0.0.1', false), 0);
  throttle.right('ada', '10.0.0.1');
  t.equal(throttle.enter('ada', '10.0.0.1', false), 0, 'the right one is taken back');
  throttle.undo('ada', '10.0.0.1');

  for (let one = 0; one < 60; one += 1) throttle.enter('bob', `192.0.2.${one}`, false);
  t.ok(throttle.enter('bob', '10.0.0.9', false) > 0, 'strangers try from everywhere');
  t.equal(throttle.enter('bob', '127.0.0.1', true), 0, 'this machine may');
  throttle.right('ada', '10.0.0.7');
  for (let one = 0; one < 60; one += 1) throttle.enter('ada', `192.0.3.${one}`, false);
  t.equal(throttle.enter('ada', '10.0.0.7', false), 0, 'and an address that is known to be hers');
  for (let one = 0; one < 25; one += 1) throttle.enter(`user${one}`, '10.0.0.20', false);
  t.ok(throttle.enter('somebody', '10.0.0.20', false) > 0, 'an address that tries many users');
  for (const name of ['carl', 'CARL', ' carl', 'ca\u200brl', '\uff43arl']) throttle.enter(name, '10.0.0.30', false);
  t.ok(throttle.enter('Carl ', '10.0.0.30', false) > 0, 'what a directory takes for the same user has one count');
  t.end();
});

t.test('what is remembered of tries is bounded', (t) => {
  let now = 0;
  const limits = { ...defaultThrottleLimits, entries: 10 };
  const throttle = createThrottle(limits, () => now);
  for (let one = 0; one < 1000; one += 1) {
    throttle.enter(`user${one}`, `10.${one >> 8}.${one & 255}.1`, false);
    throttle.right(`user${one}`, `10.${one >> 8}.${one & 255}.1`);
  }
  now += 1;
  t.equal(throttle.enter('user0', '10.0.0.1', false), 0);
  t.same(['10.0.0.1', '2001:db8:1:2:3:4:5:6', '2001:DB8:1:2::9', 'fe80::1%eth0', '::1'].map(throttledAddress), [
    ...['10.0.0.1', '2001:db8:1:2::/64', '2001:db8:1:2::/64', 'fe80:0:0:0::/64', '0:0:0:0::/64'],
  ]);
  t.end();
});

t.test('sessions end by themselves, and are bounded', (t) => {
  let now = 0;
  const gone = new Set<string>();
  const limits = { idleMs: 1000, foreignMs: 1500, sessions: 4, perUser: 2 };
  const sessions = createSessions(
    (principal) => (gone.has(principal.name) ? null : principal),
    () => now,
    limits,
  );
  let ends = 0;
  sessions.onEnd(() => {
    ends += 1;
  });
  const user = (name: string, method: Principal['method'] = 'password'): Principal => ({
    name,
    role: 'monitor',
    method,
    stamp: '1',
  });
  const ada = sessions.open(user('ada'));
  now += 999;
  t.match(sessions.use(ada.secret), { principal: { name: 'ada' }, csrf: ada.session.csrf }, 'used in time');
  now += 999;
  t.equal(sessions.alive(ada.secret), true);
  now += 1;
  t.equal(sessions.alive(ada.secret), false, 'looking at it was no use of it');
  t.equal(sessions.use(ada.secret), null);
  t.equal(sessions.use('x'), null);

  const foreign = sessions.open(user('olga', 'oidc'));
  now += 900;
  t.not(sessions.use(foreign.secret), null);
  now += 600;
  t.equal(sessions.use(foreign.secret), null, 'a provider cannot be asked again');

  const three = [sessions.open(user('eve')), sessions.open(user('eve')), sessions.open(user('eve'))];
  t.same(
    three.map(({ secret }) => sessions.alive(secret)),
    [false, true, true],
    'the oldest of one user goes',
  );
  for (const name of ['u1', 'u2', 'u3']) sessions.open(user(name));
  t.equal(sessions.count, 4);
  gone.add('u3');
  sessions.sweep();
  t.equal(sessions.count, 3);
  t.equal(ends, 1);
  t.equal(sessions.close('x'), false);
  t.end();
});

t.test('cookies, texts, roles', (t) => {
  t.equal(cookieOf('a=1; holdfast_session=abc_-; b=2', 'holdfast_session'), 'abc_-');
  for (const header of [
    '',
    'a=1',
    'holdfast_session=a; holdfast_session=b',
    'holdfast_session=a b',
    'holdfast_session',
    'xholdfast_session=a',
  ])
    t.equal(cookieOf(header, 'holdfast_session'), null, header);
  t.equal(setCookie('n', 'v', true), 'n=v; Path=/; HttpOnly; SameSite=Strict; Secure');
  t.equal(setCookie('n', '', false, { sameSite: 'Lax', maxAgeS: 0 }), 'n=; Path=/; HttpOnly; SameSite=Lax; Max-Age=0');
  t.same([sameText('a', 'a'), sameText('a', 'b'), sameText('a', 'ab')], [true, false, false]);
  t.same(
    [permits('control', 'monitor'), permits('control', 'admin'), permits('none', 'none'), permits('none', 'monitor')],
    [true, false, true, false],
  );
  t.same(['admin', 'none', 'root', 7, 'toString'].map(isRouteRole), [true, true, false, false, false]);
  t.end();
});
