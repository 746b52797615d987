import { createSecureContext } from 'node:tls';
import t from 'tap';
import { createSessions, resumedForMs } from '../../../src/io/probers/sessions.js';

t.test('a session is offered for a minute, while its certificate is valid and the authorities are the same', (t) => {
  let nowMs = 0;
  let wallMs = Date.UTC(2026, 0, 1);
  const sessions = createSessions(
    () => nowMs,
    () => wallMs,
  );
  const [question, other] = [{}, {}];
  const [context, changed] = [createSecureContext(), createSecureContext()];
  const ticket = Buffer.from('ticket');
  const begin = (validTo: string | undefined = 'Jan  1 00:00:10 2026 GMT'): void => {
    sessions.begin(question, context, validTo);
    sessions.keep(question, ticket);
  };
  t.equal(sessions.of(question, context), null);
  sessions.keep(question, ticket);
  t.equal(sessions.of(question, context), null, 'of a handshake that did not end well nothing is kept');
  sessions.begin(question, context, 'Jan  1 00:00:10 2026 GMT');
  t.equal(sessions.of(question, context), null, 'no ticket yet');
  begin();
  t.equal(sessions.of(question, context), ticket);
  t.equal(sessions.of(other, context), null);
  const next = Buffer.from('next');
  sessions.keep(question, next);
  t.equal(sessions.of(question, context), next, 'the last ticket');
  t.equal(sessions.of(question, changed), null, 'other authorities');
  begin();
  wallMs += 10_000;
  t.equal(sessions.of(question, context), null, 'the certificate has expired');
  begin('Jan  1 00:00:00 2036 GMT');
  nowMs = resumedForMs - 1;
  sessions.keep(question, ticket);
  t.equal(sessions.of(question, context), ticket);
  nowMs = resumedForMs;
  t.equal(sessions.of(question, context), null, 'a whole handshake is due, however many were resumed');
  begin(undefined);
  t.equal(sessions.of(question, context), null);
  begin('some day');
  t.equal(sessions.of(question, context), null);
  t.end();
});
