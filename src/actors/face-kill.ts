/** What `holdfast kill` is asked and answers. */

/** Which processes `kill` is about, and what to do with them. */
export interface KillRequest {
  /** As `<proc name>`: on Linux the first 15 bytes count. */
  readonly name: string;
  /** As `<proc argregex>`; null: any arguments. */
  readonly argRegex: string | null;
  /** `test`: only tell which. `15`, `9`: that signal. `terminate`: SIGTERM, and SIGKILL for what is there five seconds later. */
  readonly level: KillLevel;
  /** The process that asks, where it is of this machine: it and what it was started by are spared. */
  readonly asker: number | null;
}
export type KillLevel = 'test' | 'terminate' | '9' | '15';
export interface KilledProcess {
  readonly pid: number;
  readonly name: string;
  /** With the executable first; empty where they were not needed. */
  readonly args: readonly string[];
  /** `signalled`: whether it ends is not waited for. `remains`: it is there in spite of SIGKILL. */
  readonly outcome: 'found' | 'signalled' | 'ended' | 'refused' | 'remains';
}
