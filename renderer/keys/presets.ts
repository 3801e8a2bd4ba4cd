/** Keys that people know from other tools: only what differs from Graft's own. */
import type { ActionId } from './actions.ts';

export interface Preset {
  readonly name: string;
  readonly title: string;
  readonly keys: Readonly<Partial<Record<ActionId, readonly string[]>>>;
}

export const PRESETS: readonly Preset[] = [
  { name: 'graft', title: 'Graft', keys: {} },
  {
    // Keys of its Labels layer. The digits choose tools there, so classes go by - and =.
    name: 'napari',
    title: 'napari',
    keys: {
      'tool.eraser': ['1', 'E'],
      'tool.brush': ['2', 'B'],
      'tool.polygon': ['3', 'P'],
      'tool.fill': ['4', 'F'],
      'tool.pan': ['6'],
      'class.1': [],
      'class.2': [],
      'class.3': [],
      'class.4': [],
      'class.6': [],
      'class.previous': ['-'],
      'class.next': ['='],
      'tool.keepOthers': ['K'],
      'labels.hide': ['V', 'H'],
      'view.fit': ['Mod+R', 'Home'],
      'view.zoomIn': ['+'],
      'view.zoomOut': ['Mod+-'],
    },
  },
  {
    name: 'qupath',
    title: 'QuPath',
    keys: {
      'tool.pan': ['M'],
      'prediction.ask': ['J'],
      'tool.box': ['R'],
      'tool.polygon': ['P', 'V'],
      'tool.brush': ['B'],
      'tool.wand': ['W'],
      'tool.fill': ['Shift+F'],
      'labels.outline': ['F', 'O'],
      'labels.hide': ['H'],
      'image.previous': ['PageUp', 'A', 'ArrowLeft'],
      'image.next': ['PageDown', 'D', 'ArrowRight'],
    },
  },
  {
    // D and F walk through frames; N draws.
    name: 'cvat',
    title: 'CVAT',
    keys: {
      'image.previous': ['D', 'ArrowLeft'],
      'image.next': ['F', 'ArrowRight'],
      'image.nextUnlabelled': ['Shift+F'],
      'tool.brush': ['N', 'B'],
      'image.nextSuggested': ['Alt+N'],
      'tool.fill': ['Shift+B'],
      'view.fit': ['Home', 'Mod+0'],
    },
  },
  {
    name: 'labelme',
    title: 'labelme',
    keys: {
      'tool.polygon': ['Mod+N', 'P'],
      'tool.box': ['Mod+R', 'R'],
      'view.fit': ['Mod+F', 'Home'],
      'view.actual': ['Mod+0', 'End'],
      'view.zoomIn': ['Mod++', 'Mod+=', '+', '='],
      'view.zoomOut': ['Mod+-', '-'],
    },
  },
];
