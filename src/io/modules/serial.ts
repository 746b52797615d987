/** Work on the same key runs one after the other, in the order in which it was asked for; work on different keys runs side by side. */
export type Serial = <T>(key: string, work: () => Promise<T>) => Promise<T>;

export const createSerial = (): Serial => {
  const tails = new Map<string, Promise<unknown>>();
  return (key, work) => {
    const result = (tails.get(key) ?? Promise.resolve()).then(work);
    const tail = result.then(
      () => undefined,
      () => undefined,
    );
    tails.set(key, tail);
    void tail.then(() => {
      if (tails.get(key) === tail) tails.delete(key);
    });
    return result;
  };
};
