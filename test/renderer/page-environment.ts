/**
 * Where tests of the window run: plain Node, with modules compiled for a page and not for a server that draws one. Of
 * a page there is its address, its history and what its frames and its system say; of elements only their kinds.
 */
import type { Environment } from 'vitest/runtime';

const location = { hash: '' };
class Element extends EventTarget {}
const page = {
  window: globalThis,
  location,
  history: { pushState: (_: unknown, __: string, hash: string) => (location.hash = hash) },
  matchMedia: () => Object.assign(new EventTarget(), { matches: false }),
  requestAnimationFrame: (then: () => void) => setTimeout(then, 0),
  document: { activeElement: null, hidden: false },
  HTMLElement: Element,
  HTMLInputElement: class extends Element {},
  HTMLSelectElement: class extends Element {},
  HTMLTextAreaElement: class extends Element {},
};

export default {
  name: 'page',
  viteEnvironment: 'client',
  setup() {
    Object.assign(globalThis, page);
    return { teardown: () => undefined };
  },
} satisfies Environment;
