/**
 * Transitions that no simulated schedule takes, each with the reason. A run of 2,000 schedules or more fails on one that is neither
 * taken nor named here; the tests of the charts take each of them directly.
 */
export const uncovered: Readonly<Record<string, string>> = {};
