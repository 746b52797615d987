/** Reads a secret: from a terminal without showing it, or the first line of what another program writes. */
import type { ReadStream } from 'node:tty';

const longest = 4096;

/** What was typed beyond the last line that was taken. */
let ahead = '';

function fromTerminal(input: ReadStream, prompt: string): Promise<string> {
  return new Promise((resolve, reject) => {
    let text = '';
    process.stderr.write(prompt);
    input.setRawMode(true);
    input.setEncoding('utf8');
    function end(error: Error | null): void {
      input.off('data', take);
      input.setRawMode(false);
      input.pause();
      process.stderr.write('\n');
      if (error === null) resolve(text);
      else reject(error);
    }
    function take(chunk: string): void {
      const characters = [...ahead, ...chunk];
      ahead = '';
      for (const [index, character] of characters.entries()) {
        if (character === '\r' || character === '\n') {
          ahead = characters.slice(index + 1).join('');
          end(null);
          return;
        }
        if (character === '\u0003' || character === '\u0004') {
          end(new Error('interrupted'));
          return;
        }
        if (character === '\u007f' || character === '\b') text = [...text].slice(0, -1).join('');
        else if (character >= ' ' && text.length < longest) text += character;
      }
    }
    input.on('data', take);
    input.resume();
    if (ahead !== '') take('');
  });
}
async function fromPipe(input: AsyncIterable<unknown>): Promise<string> {
  let text = '';
  for await (const chunk of input) {
    text += Buffer.isBuffer(chunk) ? chunk.toString('utf8') : String(chunk);
    if (text.includes('\n') || text.length > longest) break;
  }
  return (text.split('\n')[0] ?? '').replace(/\r$/, '');
}

/** The secret that `prompt` asks for. On a terminal it is asked for twice where `twice` is set. @throws Error where the two differ */
export async function readSecret(prompt: string, twice: boolean): Promise<string> {
  const input = process.stdin;
  if (!input.isTTY) return fromPipe(input);
  const first = await fromTerminal(input, `${prompt}: `);
  if (twice && (await fromTerminal(input, `${prompt} again: `)) !== first) throw new Error('the two differ');
  return first;
}
