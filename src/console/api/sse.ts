/** Server-sent events out of a body that is read as it comes. EventSource itself cannot say what since, nor why a stream was refused. */

export interface ServerEvent {
  readonly id: string | null;
  readonly type: string;
  readonly data: string;
}
/** Cuts the text of a stream into events; what is incomplete waits for the next piece. */
export function createEventCutter(): (text: string) => readonly ServerEvent[] {
  let rest = '';
  return (text) => {
    const blocks = (rest + text).split('\n\n');
    rest = blocks.pop() ?? '';
    return blocks.flatMap((block) => {
      let id: string | null = null;
      let type = 'message';
      const data: string[] = [];
      for (const line of block.split('\n')) {
        const colon = line.indexOf(':');
        if (colon < 1) continue;
        const [field, value] = [line.slice(0, colon), line.slice(colon + 1).replace(/^ /, '')];
        if (field === 'id') id = value;
        if (field === 'event') type = value;
        if (field === 'data') data.push(value);
      }
      return data.length === 0 ? [] : [{ id, type, data: data.join('\n') }];
    });
  };
}

export interface ReadEventsOptions {
  /** Called for each piece that comes, also for one that is only a sign of life. */
  readonly onPiece: (events: readonly ServerEvent[]) => void;
  /** Without a sign of life for so long the stream counts as dead. */
  readonly silenceMs: number;
}
/** Reads a stream to its end; rejects when it breaks off or falls silent. */
export async function readEvents(response: Response, { onPiece, silenceMs }: ReadEventsOptions): Promise<void> {
  const reader = response.body?.pipeThrough(new TextDecoderStream()).getReader();
  if (reader === undefined) return;
  const cut = createEventCutter();
  try {
    for (;;) {
      let timer: ReturnType<typeof setTimeout> | undefined;
      const silence = new Promise<never>((_resolve, reject) => {
        timer = setTimeout(() => reject(new Error('The stream of events fell silent.')), silenceMs);
      });
      const { done, value } = await Promise.race([reader.read(), silence]).finally(() => clearTimeout(timer));
      if (done) return;
      onPiece(cut(value));
    }
  } finally {
    void reader.cancel().catch(() => undefined);
  }
}
