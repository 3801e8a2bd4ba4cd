/** A press of a key as a browser tells it. */
import type { KeyPress } from '../../../renderer/keys/chord.ts';

export function press(
  key: string,
  options: Partial<KeyPress> & { altGraph?: boolean } = {},
): KeyPress {
  return {
    key,
    code: '',
    ctrlKey: false,
    metaKey: false,
    shiftKey: false,
    altKey: false,
    getModifierState: (name) => name === 'AltGraph' && options.altGraph === true,
    ...options,
  };
}
