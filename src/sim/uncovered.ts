/**
 * Transitions that no simulated schedule takes, each with the reason; the tests of the charts take every one of them directly. A run of
 * 2,000 schedules or more fails on one that is neither taken nor explained here.
 */
export interface Explanation {
  /** What the names of these transitions have in common. */
  readonly what: RegExp;
  readonly why: string;
}

/** All explanations. */
export const explanations: readonly Explanation[] = [
  {
    what: /--xstate\.error\.actor\.|^module --child\.respawn-->/,
    why: 'An actor or a chart of ours throws. That is a defect, which invariant 0 forbids; tests of the charts throw on purpose.',
  },
  {
    what: /^module --stop\.overdue \[\d\]-->/,
    why: 'The bound of a whole stop lies above those of its scripts together: it goes off only when one of them has failed.',
  },
  {
    what: /^module\.UP\.(starting|resuming|restarting|stopping)\S* --module\.wait \[\d\]-->/,
    why: 'Only rules ask a module to wait, and they are not evaluated in these states; it is decided for the administrator’s wait to come.',
  },
  {
    what: /^checker\.looping\.\S+ --(program\.ended|xstate\.after\.programPause)|--checker\.noted-->/,
    why: 'Simulated executables of looping checkers do not end; test/machines and test/io/probers end them.',
  },
  {
    what: /--checker\.restamped-->/,
    why: 'Where it is not taken, the other module was started anew in a state that is left in the same moment; test/machines has each.',
  },
  {
    what: /^module\.deciding --always \[1\]-->|^module\.WAIT\.evaluating --always-->|--module\.wakeup-->/,
    why: 'An administrator holds the module in WAIT, or lets it go: the commands `wait` and `wakeup` are for mirrors to come; nothing in a plan gives them.',
  },
  {
    what: /^module --module\.update-->/,
    why: 'The runtime refuses `update` where it has no place; the chart sees it there only when a state changes between the two.',
  },
  {
    what: /^errd\.watching --errd\.disarm-->/,
    why: 'Plans watch processes of class both only: that window closes before the last one does, which disarms errd altogether.',
  },
  {
    what: /^failover\.\w+ --failover\.reconfigure \[[234]\]-->/,
    why: 'The other configuration of plans has the same rules: the decision stays what it was.',
  },
  {
    what: /^failover\.(pending --failover\.switch \[2\]|settled --failover\.switch \[[24]\]|pending --failover\.phase \[1\])-->/,
    why: 'A switch or a phase that changes the decision into another one that is due at once: two things in one moment, with handle_time 0, which plans do not draw.',
  },
  {
    what: /^module\.(UP\.(handling|updating)|WAIT\.updating) --module\.(restart|stopstart|wait) \[\d\]-->/,
    why: 'Failover rules rest while these scripts run; only the command of a component in just those milliseconds comes there.',
  },
  {
    what: /^module\.UP\.handling --xstate\.done\.actor\.script \[[24]\]-->|^module\.deciding --always \[(5|10)\]-->|^module\.WAIT\.updating --xstate\.done\.actor\.script \[[12]\]-->/,
    why: 'The daemon comes back, or a command comes, while a handler or an update script runs: both are short and rare in plans.',
  },
  {
    what: /^module\.WAIT\.(evaluating|stopping|updating) --module\.(stop|shutdown|forcestop|stopstart)( \[\d\])?-->/,
    why: 'A command in a state that lasts milliseconds: until the first results, while poststop or update runs.',
  },
  {
    what: /^module\.\S+ --module\.stopstart \[1\]-->/,
    why: 'A component’s stopstart that is one too many for maxloop, in just this state; plans come to the limit by errd and rules.',
  },
  {
    what: /^module\.UP\.starting\.announcing --xstate\.done\.actor\.script \[1\]-->/,
    why: 'A forced stop while the transition script of a start runs, which takes some ms.',
  },
  {
    what: /^module\.UP\.stopping\.finishing --xstate\.done\.actor\.script \[1\]-->/,
    why: 'A wait that replaces a stop during its last script: only an administrator’s wait, to come, could.',
  },
  {
    what: /^membership\.active --CLOCK_GAP-->/,
    why: 'Part of the design’s interface of the machine; our transport tells gaps with its ticks (`lateMs`).',
  },
  {
    what: /^node\.running --node\.leave-->/,
    why: 'The end of a daemon stops the tree of actors as a whole.',
  },
];

/** Why no schedule takes a transition, or null. */
export const explanationOf = (transition: string): string | null =>
  explanations.find(({ what }) => what.test(transition))?.why ?? null;
