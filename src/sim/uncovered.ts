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
    why: 'Plans draw no checkers of other modules; scenarios and test/machines have them.',
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
