#!/usr/bin/env node
/**
 * The entry of `holdfastd`: keeps the memory for short-lived objects small, then loads the daemon.
 *
 * V8 lets that part of the heap grow to 48 MB, and a daemon at rest fills it, because it leaves so little behind that it is seldom
 * collected. A growth factor of 1 keeps it at its first size of about 2 MB, and collecting it more often costs nothing that can be
 * measured (docs/benchmarks.md). It has to be said before the rest is loaded, since what it has grown to it keeps; and again after the
 * start of each worker thread, since V8 sets the factor to 2 whenever it makes another heap. `--max-semi-space-size` does the same,
 * but only on the command line.
 */
import { setFlagsFromString } from 'node:v8';

// What a daemon at rest does ten times a second stays in V8's interpreter for minutes: compiled at once, it costs a fifth less.
setFlagsFromString('--always-sparkplug');
const keepSmall = (): void => setFlagsFromString('--semi-space-growth-factor=1');
keepSmall();
process.on('worker', (worker) => worker.once('online', keepSmall));
await import('./holdfastd.js');
