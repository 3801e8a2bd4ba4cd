/**
 * For as long as Dawn's addon waits for a card, it asks for news at every turn of the event loop, by the global
 * setImmediate: a core of the processor is busy with waiting, which prepares batches, or is the card where a driver
 * computes on the processor. Here it asks once a millisecond; a step's loss is read two steps late, so no step waits.
 */
const ASK_EVERY_MS = 1;

/** Functions of addons, unlike those of JavaScript itself, are of native code and have a prototype. */
const isOfAddon = (callback: unknown): callback is () => void =>
  typeof callback === 'function' &&
  Object.hasOwn(callback, 'prototype') &&
  Function.prototype.toString.call(callback).endsWith('{ [native code] }');

/**
 * For this process, from now on. All others who call setImmediate find what they know. Not on Windows, whose clock ticks
 * every 16 ms: small steps would take longer.
 */
export function askPatiently(): void {
  if (process.platform === 'win32') return;
  globalThis.setImmediate = new Proxy(globalThis.setImmediate, {
    apply(setImmediate, self, passed: unknown[]): unknown {
      const [callback] = passed;
      if (isOfAddon(callback)) return setTimeout(callback, ASK_EVERY_MS);
      return Reflect.apply(setImmediate, self, passed);
    },
  });
}
