/** Move: every drag moves the image, which the editor does itself; the labels stay as they are. */
import type { ToolDescriptor } from './tool.ts';

export const pan: ToolDescriptor = {
  title: 'Move the image',
  hint: 'Drag to move · wheel zooms',
  keys: ['V'],
  moves: true,
  create: () => ({
    pointer: () => undefined,
    key: () => false,
    finish: () => undefined,
    preview: null,
    busy: false,
  }),
};
