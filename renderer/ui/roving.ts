/** One stop for Tab in a list or table of buttons, however long: arrows, Home and End move within. */
import { DIRECTION_KEYS, neighbour } from './direction.ts';

const CHOSEN = '[aria-current="true"], [aria-current="page"], [aria-pressed="true"]';

/** Attachment of the element around the buttons. Tab stops at the one that is chosen, or was in focus last. */
export function roving(list: HTMLElement): () => void {
  const buttons = () => [...list.querySelectorAll<HTMLElement>('button:not(:disabled)')];

  function stopAt(stop: HTMLElement | undefined): void {
    for (const button of buttons()) button.tabIndex = button === stop ? 0 : -1;
  }
  function refresh(): void {
    const all = buttons();
    const focused = all.find((button) => button === document.activeElement);
    stopAt(focused ?? all.find((button) => button.matches(CHOSEN)) ?? all[0]);
  }
  function move(event: KeyboardEvent): void {
    if (event.ctrlKey || event.metaKey || event.altKey || event.shiftKey) return;
    // Boxes are asked for only where they are needed: that lays out the page.
    if (!DIRECTION_KEYS.has(event.key)) return;
    const all = buttons();
    const at = all.findIndex((button) => button === event.target);
    const boxes = all.map((button) => button.getBoundingClientRect());
    const to = neighbour(boxes, at, event.key);
    const next = to === null ? undefined : all[to];
    if (next === undefined) return;
    event.preventDefault();
    next.focus();
  }

  refresh();
  const observer = new MutationObserver(refresh);
  observer.observe(list, {
    childList: true,
    subtree: true,
    attributeFilter: ['aria-current', 'aria-pressed', 'disabled'],
  });
  list.addEventListener('keydown', move);
  list.addEventListener('focusin', refresh);
  return () => {
    observer.disconnect();
    list.removeEventListener('keydown', move);
    list.removeEventListener('focusin', refresh);
  };
}
