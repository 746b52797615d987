/** Arrow keys go from card to card, as they lie on the screen. */

const steps: Readonly<Record<string, readonly [number, number]>> = {
  ArrowLeft: [-1, 0],
  ArrowRight: [1, 0],
  ArrowUp: [0, -1],
  ArrowDown: [0, 1],
};

/** The nearest card in the direction of the key gets the focus; only where a card's title has it. */
export function moveAmongCards(event: KeyboardEvent & { readonly currentTarget: HTMLElement }): void {
  const step = steps[event.key];
  const { activeElement } = document;
  if (step === undefined || !(activeElement instanceof HTMLElement) || !activeElement.classList.contains('card-title')) return;
  const from = activeElement.getBoundingClientRect();
  let best: HTMLElement | null = null;
  let least = Number.POSITIVE_INFINITY;
  for (const other of event.currentTarget.querySelectorAll<HTMLElement>('.card-title')) {
    const to = other.getBoundingClientRect();
    const [right, down] = [to.left - from.left, to.top - from.top];
    const along = right * step[0] + down * step[1];
    const aside = Math.abs(right * step[1]) + Math.abs(down * step[0]);
    const distance = along + aside * 3;
    if (other !== activeElement && along > 1 && distance < least) {
      best = other;
      least = distance;
    }
  }
  if (best === null) return;
  event.preventDefault();
  best.focus();
}
