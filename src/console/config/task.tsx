/** Something that is being done: busy, failed with a reason, or over. */
import { useCallback, useRef, useState } from 'preact/hooks';
import type { ConfigProblem } from '../../http/api-types.js';
import { ApiFailure } from '../api/client.js';

/** Why something was refused, for people. */
export interface Refusal {
  readonly code: string;
  readonly message: string;
  readonly problems: readonly ConfigProblem[];
}
export function refusalOf(error: unknown): Refusal {
  if (!(error instanceof ApiFailure)) return { code: 'INTERNAL', message: String(error), problems: [] };
  return { code: error.code, message: error.message, problems: error.problem?.problems ?? [] };
}
export interface Task {
  readonly busy: boolean;
  readonly refusal: Refusal | null;
  /** Does it, unless it is being done; what it throws is the refusal. */
  run(work: () => Promise<void>): void;
  clear(): void;
}
export function useTask(): Task {
  const [busy, setBusy] = useState(false);
  const [refusal, setRefusal] = useState<Refusal | null>(null);
  const running = useRef(false);
  const run = useCallback((work: () => Promise<void>): void => {
    if (running.current) return;
    running.current = true;
    setBusy(true);
    setRefusal(null);
    work()
      .catch((error: unknown) => setRefusal(refusalOf(error)))
      .finally(() => {
        running.current = false;
        setBusy(false);
      });
  }, []);
  const clear = useCallback(() => setRefusal(null), []);
  return { busy, refusal, run, clear };
}
export function Refused({ refusal }: { readonly refusal: Refusal | null }) {
  if (refusal === null) return null;
  return (
    <div class="notice bad" role="alert">
      <p lang="en">
        <strong>{refusal.code}</strong> {refusal.message}
      </p>
      <Problems problems={refusal.problems} />
    </div>
  );
}
export function Problems({ problems }: { readonly problems: readonly ConfigProblem[] }) {
  if (problems.length === 0) return null;
  return (
    <ul class="problem-list" lang="en">
      {problems.map((one) => (
        <li key={`${one.file}:${one.line}:${one.column} ${one.message}`} class={one.severity === 'error' ? 'bad' : 'moving'}>
          <code>
            {one.file}:{one.line}
          </code>{' '}
          <span class="problem-text">
            {one.message} {one.remedy}
          </span>
        </li>
      ))}
    </ul>
  );
}
/** Hands bytes to the browser as a file. */
export function saveFile(name: string, content: Blob): void {
  const address = URL.createObjectURL(content);
  const link = document.createElement('a');
  link.href = address;
  link.download = name;
  link.click();
  setTimeout(() => URL.revokeObjectURL(address), 10_000);
}
