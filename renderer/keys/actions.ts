/** What Annotate can do from the keyboard, with the keys it has unless the user wants others. Data only. */
import { TOOL_NAMES, type ToolName, TOOLS } from '../canvas/tools/all-tools.ts';

export const ACTION_GROUPS = [
  'Tools',
  'Classes',
  'Labels',
  'Objects',
  'View',
  'Images',
  'Prediction',
] as const;
export type ActionGroup = (typeof ACTION_GROUPS)[number];

export interface ActionInfo {
  readonly title: string;
  readonly group: ActionGroup;
  readonly keys: readonly string[];
  /** Goes on while the key is held down: panning; repeats with the key: sizes. */
  readonly whileHeld?: boolean;
  readonly repeats?: boolean;
  /** Id of the command in menus of the shell. */
  readonly command?: string;
}

/** Taking a tool in hand. */
type ToolAction = `tool.${ToolName}`;

/** One entry a tool, under the name of its action. */
export const forTools = <T>(make: (name: ToolName) => T): Readonly<Record<ToolAction, T>> =>
  // Entries forget the type of their keys.
  Object.fromEntries(TOOL_NAMES.map((name) => [`tool.${name}`, make(name)])) as Record<
    ToolAction,
    T
  >;

const OTHER_ACTIONS = {
  'view.pan': {
    title: 'Move the image while held',
    group: 'Tools',
    keys: ['Space'],
    whileHeld: true,
  },
  'size.smaller': {
    title: 'Smaller brush or patches, or less tolerance',
    group: 'Tools',
    keys: ['['],
    repeats: true,
  },
  'size.larger': {
    title: 'Larger brush or patches, or more tolerance',
    group: 'Tools',
    keys: [']'],
    repeats: true,
  },
  'size.muchSmaller': {
    title: 'Ten steps smaller',
    group: 'Tools',
    keys: ['Shift+['],
    repeats: true,
  },
  'size.muchLarger': {
    title: 'Ten steps larger',
    group: 'Tools',
    keys: ['Shift+]'],
    repeats: true,
  },
  'patches.kind': {
    title: 'Patches by colour, or by edges',
    group: 'Tools',
    keys: ['Shift+V'],
  },
  'tool.keepOthers': { title: 'Keep other classes', group: 'Tools', keys: ['K'] },

  'class.0': { title: 'Background, or class 0', group: 'Classes', keys: ['0'] },
  'class.1': { title: 'Class 1', group: 'Classes', keys: ['1'] },
  'class.2': { title: 'Class 2', group: 'Classes', keys: ['2'] },
  'class.3': { title: 'Class 3', group: 'Classes', keys: ['3'] },
  'class.4': { title: 'Class 4', group: 'Classes', keys: ['4'] },
  'class.5': { title: 'Class 5', group: 'Classes', keys: ['5'] },
  'class.6': { title: 'Class 6', group: 'Classes', keys: ['6'] },
  'class.7': { title: 'Class 7', group: 'Classes', keys: ['7'] },
  'class.8': { title: 'Class 8', group: 'Classes', keys: ['8'] },
  'class.9': { title: 'Class 9', group: 'Classes', keys: ['9'] },
  'class.ignore': { title: 'Ignored: counts nowhere', group: 'Classes', keys: ['I'] },
  'class.swap': { title: 'Swap with background or ignored', group: 'Classes', keys: ['X'] },
  'class.previous': { title: 'Previous class', group: 'Classes', keys: [','] },
  'class.next': { title: 'Next class', group: 'Classes', keys: ['.'] },
  'class.suggested': {
    title: 'Take the class that alike objects have',
    group: 'Classes',
    keys: ['Z'],
  },

  'history.undo': {
    title: 'Undo',
    group: 'Labels',
    keys: ['Mod+Z'],
    repeats: true,
    command: 'undo',
  },
  'history.redo': {
    title: 'Redo',
    group: 'Labels',
    keys: ['Mod+Shift+Z', 'Mod+Y'],
    repeats: true,
    command: 'redo',
  },
  'labels.grow': { title: 'Grow the class in hand', group: 'Labels', keys: ['Shift+G'] },
  'labels.shrink': { title: 'Shrink the class in hand', group: 'Labels', keys: ['Shift+K'] },
  'labels.smooth': { title: 'Smooth the class in hand', group: 'Labels', keys: ['Shift+O'] },
  'labels.fillHoles': {
    title: 'Fill holes of the class in hand',
    group: 'Labels',
    keys: ['Shift+U'],
  },
  'labels.removeSmall': {
    title: 'Remove what is small of the class in hand',
    group: 'Labels',
    keys: ['Shift+E'],
  },
  'labels.save': { title: 'Save now', group: 'Labels', keys: ['Mod+S'] },
  'labels.hide': { title: 'Hide or show labels', group: 'Labels', keys: ['H'] },
  'labels.outline': { title: 'Outlines or filled', group: 'Labels', keys: ['O'] },

  'objects.new': { title: 'Strokes are new objects', group: 'Objects', keys: ['Shift+A'] },
  'objects.goOn': {
    title: 'Strokes go on with the picked object',
    group: 'Objects',
    keys: ['Shift+S'],
  },
  'objects.next': {
    title: 'Next object',
    group: 'Objects',
    keys: ['Shift+J'],
    repeats: true,
  },
  'objects.previous': {
    title: 'Previous object',
    group: 'Objects',
    keys: ['Shift+Z'],
    repeats: true,
  },
  'objects.join': {
    title: 'Join the object under the pointer to the picked one',
    group: 'Objects',
    keys: ['Shift+H'],
  },
  'objects.row': {
    title: 'The picked object in the table of objects',
    group: 'Objects',
    keys: ['Shift+Q'],
  },
  'objects.recolour': {
    title: 'Give the picked object the class in hand',
    group: 'Objects',
    keys: ['Shift+X'],
  },
  'objects.delete': { title: 'Delete the picked object', group: 'Objects', keys: ['Delete'] },
  'objects.numbers': {
    title: 'Hide or show numbers of objects',
    group: 'Objects',
    keys: ['Shift+I'],
  },
  'objects.split': { title: 'Split touching objects', group: 'Objects', keys: ['Shift+Y'] },

  'view.fit': { title: 'Fit the image', group: 'View', keys: ['Home', 'Mod+0'] },
  'view.actual': { title: 'One to one', group: 'View', keys: ['End', 'Mod+Alt+0'] },
  'view.zoomIn': { title: 'Zoom in', group: 'View', keys: ['+', '='], repeats: true },
  'view.zoomOut': { title: 'Zoom out', group: 'View', keys: ['-'], repeats: true },
  'display.auto': { title: 'Contrast from the image', group: 'View', keys: ['Shift+C'] },
  'display.reset': { title: 'Display as stored', group: 'View', keys: ['Shift+R'] },
  'pointer.left': {
    title: 'Move the pointer left',
    group: 'View',
    keys: ['Shift+ArrowLeft'],
    repeats: true,
  },
  'pointer.right': {
    title: 'Move the pointer right',
    group: 'View',
    keys: ['Shift+ArrowRight'],
    repeats: true,
  },
  'pointer.up': {
    title: 'Move the pointer up',
    group: 'View',
    keys: ['Shift+ArrowUp'],
    repeats: true,
  },
  'pointer.down': {
    title: 'Move the pointer down',
    group: 'View',
    keys: ['Shift+ArrowDown'],
    repeats: true,
  },
  'pointer.press': {
    title: 'Press or let go of the pointer',
    group: 'View',
    keys: ['Shift+Enter'],
  },

  'image.previous': {
    title: 'Previous image',
    group: 'Images',
    keys: ['A', 'ArrowLeft'],
    repeats: true,
  },
  'image.next': { title: 'Next image', group: 'Images', keys: ['D', 'ArrowRight'], repeats: true },
  'image.nextUnlabelled': {
    title: 'Next image without labels',
    group: 'Images',
    keys: ['Shift+D'],
  },
  'image.nextSuggested': { title: 'Next suggested image', group: 'Images', keys: ['N'] },
  'image.skipSuggested': {
    title: 'Put this suggestion off, and go to the next',
    group: 'Images',
    keys: ['Shift+N'],
  },
  'view.close': { title: 'Back to the library', group: 'Images', keys: ['Q'] },

  'prediction.ask': { title: 'Predict this image', group: 'Prediction', keys: ['M'] },
  'prediction.accept': {
    title: 'Accept the whole prediction',
    group: 'Prediction',
    keys: ['Enter'],
  },
  'scribbles.more': {
    title: 'Scribbles propose more of the class in hand',
    group: 'Prediction',
    keys: ['Shift+.'],
    repeats: true,
  },
  'scribbles.less': {
    title: 'Scribbles propose less of the class in hand',
    group: 'Prediction',
    keys: ['Shift+,'],
    repeats: true,
  },
  'prediction.hide': { title: 'Hide or show the prediction', group: 'Prediction', keys: ['G'] },
  'live.show': {
    title: 'Show what is trained while I label',
    group: 'Prediction',
    keys: ['T'],
  },
  'live.toggle': {
    title: 'Train while I label, or pause it',
    group: 'Prediction',
    keys: ['Shift+T'],
  },

  'keys.show': { title: 'All keys', group: 'View', keys: ['?'] },
} as const satisfies Record<string, ActionInfo>;

export type ActionId = ToolAction | keyof typeof OTHER_ACTIONS;

export const ACTIONS: Readonly<Record<ActionId, ActionInfo>> = {
  ...forTools((name): ActionInfo => {
    const { title, keys, needsPrediction, needsNetwork } = TOOLS[name];
    const isOfPrediction = needsPrediction === true || needsNetwork === true;
    return { title, group: isOfPrediction ? 'Prediction' : 'Tools', keys };
  }),
  ...OTHER_ACTIONS,
};

/** The actions in their order; `Object.keys` forgets the type. */
export const ACTION_IDS = Object.keys(ACTIONS) as readonly ActionId[];

export const actionInfo = (id: ActionId): ActionInfo => ACTIONS[id];

export const isActionId = (id: string): id is ActionId => id in ACTIONS;

/** What is not bound to an action, for the overlay: mouse, modifiers, and keys inside a tool. */
export const GESTURES: readonly { readonly what: string; readonly how: string }[] = [
  { what: 'Zoom at the cursor', how: 'Wheel' },
  { what: 'Move the image', how: 'Middle button' },
  { what: 'Erase for the moment', how: 'Mod+Drag' },
  { what: 'Erase for the moment', how: 'Right button' },
  { what: 'Size of the brush', how: 'Alt+Drag' },
  { what: 'Straight line, square, 45°', how: 'Shift+Drag' },
  { what: 'Join another object to the picked one', how: 'Shift+Click' },
  { what: 'Mend an object, with Click or Cut out', how: 'Shift+Click' },
  { what: 'Split an object: a line across it', how: 'Drag' },
  { what: 'Delete an object, or all in a rectangle', how: 'Mod+Drag' },
  { what: 'Not this, for a click on objects', how: 'Right button' },
  { what: 'Not this, for a click on objects', how: 'Alt+Click' },
  { what: 'Another mask for a click', how: 'Tab' },
  { what: 'Tolerance of the wand', how: 'Drag sideways' },
  { what: 'Close a polygon or a cut, then paint it', how: 'Enter' },
  { what: 'Close a polygon', how: 'Double click' },
  { what: 'Take the last corner back', how: 'Backspace' },
  { what: 'Drop the stroke or shape', how: 'Escape' },
];
