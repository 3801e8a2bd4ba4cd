/**
 * Where tests of the window run: plain Node, with modules compiled for a page and not for a server that draws one. Of
 * a page there is its address, its history and what its frames and its system say; no elements.
 */
import type { Environment } from 'vitest/runtime';

const location = { hash: '' };
const page = {
  window: globalThis,
  location,
  history: { pushState: (_: unknown, __: string, hash: string) => (location.hash = hash) },
  matchMedia: () => Object.assign(new EventTarget(), { matches: false }),
  requestAnimationFrame: (then: () => void) => setTimeout(then, 0),
};

export default {
  name: 'page',
  viteEnvironment: 'client',
  setup() {
    Object.assign(globalThis, page);
    return { teardown: () => undefined };
  },
} satisfies Environment;
