/* IMPORTANT
 * This snapshot file is auto-generated, but designed for humans.
 * It should be checked into source control and tracked carefully.
 * Re-generate by setting TAP_SNAPSHOT=1 and running tests.
 * Make sure to inspect the output below.  Do not ignore changes!
 */
'use strict'
exports[`test/io/notify/notifier.test.ts > TAP > a critical line shortens the window to 10 s, another does not make it longer > must match snapshot 1`] = `
[holdfast n1] CRITICAL farm: UP (Ready) -> UP (Transient), 1 critical line; node n1: 1 critical line

What happened on node n1, 2026-01-01 from 00:00:00.000 to 00:00:11.000 UTC:

farm: UP (Ready) -> UP (Transient), 1 critical line
  00:00:00.000  farm went from UP (Ready) to UP (Transient)
  00:00:05.000  CRITICAL  errd: Process web not running

node n1: 1 critical line
  00:00:11.000  CRITICAL  errd: Web service: EADDRINUSE

Node n1 tells what happens on node n1; the other nodes send their own.

`

exports[`test/io/notify/notifier.test.ts > TAP > nodes that are lost and come back are told by the leader alone > must match snapshot 1`] = `
[holdfast n1] node n1: node n2 is lost (silent for 2 s), node n3 is lost (silent for 2 s); the cluster is now n1, node n2 is there; the cluster is now n1 n2

What happened on node n1, 2026-01-01 from 00:01:40.000 to 00:01:40.000 UTC:

node n1: node n2 is lost (silent for 2 s), node n3 is lost (silent for 2 s); the cluster is now n1, node n2 is there; the cluster is now n1 n2
  00:01:40.000  node n2 is lost (silent for 2 s), node n3 is lost (silent for 2 s); the cluster is now n1
  00:01:40.000  node n2 is there; the cluster is now n1 n2

Node n1 tells what happens on node n1; the other nodes send their own.

`

exports[`test/io/notify/notifier.test.ts > TAP > the first event opens a window of 60 s, and what comes in it is told together, by module > must match snapshot 1`] = `
[holdfast n1] farm: UP (Ready) again; db: UP (Ready) -> STOP (NotReady)

What happened on node n1, 2026-01-01 from 00:00:00.000 to 00:00:59.000 UTC:

farm: UP (Ready) again
  00:00:00.000  farm went from UP (Ready) to UP (Transient): restart called by errd
  00:00:59.000  farm went from UP (Transient) to UP (Ready)

db: UP (Ready) -> STOP (NotReady)
  00:00:59.000  db went from UP (Ready) to STOP (NotReady): stop called by root

Node n1 tells what happens on node n1; the other nodes send their own.

`

exports[`test/io/notify/notifier.test.ts > TAP > why: the chain of the last transition, of three modules at most, and not for longer than 15 s > must match snapshot 1`] = `
[holdfast n1] farm: UP (Ready) -> STOP (NotReady); db: UP (Ready) -> STOP (NotReady); a: STOP (NotReady); 1 more

What happened on node n1, 2026-01-01 from 00:00:00.000 to 00:00:00.000 UTC:

farm: UP (Ready) -> STOP (NotReady)
  00:00:00.000  farm went from UP (Ready) to UP (Transient)
  00:00:00.000  farm went from UP (Transient) to STOP (NotReady): stop called by maxloop
  Why:
    00:00:00.000  process 42 of web was ended by SIGKILL
    00:00:00.001  restart 4 of 3
  More: holdfast explain -m farm

db: UP (Ready) -> STOP (NotReady)
  00:00:00.000  db went from UP (Ready) to UP (Transient)
  00:00:00.000  db went from UP (Transient) to STOP (NotReady): stop called by maxloop
  Why:
    00:00:00.000  process 42 of web was ended by SIGKILL
    00:00:00.001  restart 4 of 3
    (this may not be the whole truth: the journal is damaged)
  More: holdfast explain -m db

a: STOP (NotReady)
  00:00:00.000  a is UP (Transient)
  00:00:00.000  a went from UP (Transient) to STOP (NotReady): stop called by maxloop
  Why:
    00:00:00.000  process 42 of web was ended by SIGKILL
    00:00:00.001  restart 4 of 3
  More: holdfast explain -m a

b: STOP (NotReady)
  00:00:00.000  b is UP (Transient)
  00:00:00.000  b went from UP (Transient) to STOP (NotReady): stop called by maxloop

Node n1 tells what happens on node n1; the other nodes send their own.

`
