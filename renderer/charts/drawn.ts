/** Puts markup of the program's own into an element; it was escaped when it was made. */
import type { Markup } from '../../shared/markup.ts';

export const drawn =
  (markup: Markup) =>
  (element: HTMLElement): void => {
    element.replaceChildren(fragmentOf(markup));
  };

export function fragmentOf(markup: Markup): DocumentFragment {
  const template = document.createElement('template');
  template.innerHTML = markup.text;
  return template.content;
}
