/** Looks at checkers that its parent sends, from wherever it was started; answers with the results. */
import { loadNative } from '../../../src/io/linux/native.js';
import { createEchoes } from '../../../src/io/probers/icmp-sockets.js';
import { createProber } from '../../../src/io/probers/index.js';
import { look } from './harness.js';
import type { ChildAsk, ChildResult } from './network-lab.js';

const native = loadNative();
const echoes = native === null ? null : createEchoes(native);
const probers = {
  all: createProber({ version: 'test' }),
  socketOnly: createProber({ echoes, pingProgram: null }),
  programOnly: createProber({ echoes: null }),
};
process.on('message', (ask: ChildAsk) => {
  const begun = performance.now();
  void look(probers[ask.ways], ask.checker, ask.patienceMs).then((result) => {
    const answer: ChildResult = { id: ask.id, result, tookMs: performance.now() - begun };
    process.send?.(answer);
  });
});
process.send?.({ id: 0, result: 'silent', tookMs: 0 } satisfies ChildResult);
