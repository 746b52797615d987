import t from 'tap';
import { createRefusedRequests } from '../../src/http/refused-requests.js';

t.test('every refusal is counted; what comes again is told at once, then once a minute', (t) => {
  let nowMs = 5;
  const told: string[] = [];
  const book = createRefusedRequests({ monotonicMs: () => nowMs }, (node, address, count) =>
    told.push(`${node} ${address} ${count}`),
  );
  const count = (reason: string) => book.counts().find((one) => one.reason === reason)?.count;
  t.equal(count('seenBefore'), 0, 'each reason is shown from the start');
  book.note({ node: null, address: '10.0.0.9', reason: 'otherRun' });
  t.same(told, []);
  for (const address of ['10.0.0.9', '10.0.0.8', '10.0.0.7']) book.note({ node: 'n1', address, reason: 'seenBefore' });
  t.same(told, ['n1 10.0.0.9 1']);
  nowMs += 60_000;
  book.note({ node: 'n1', address: '10.0.0.6', reason: 'seenBefore' });
  t.same(told, ['n1 10.0.0.9 1', 'n1 10.0.0.6 3'], 'with those in between');
  t.same([count('seenBefore'), count('otherRun'), count('stranger')], [4, 1, 0]);
  t.end();
});
