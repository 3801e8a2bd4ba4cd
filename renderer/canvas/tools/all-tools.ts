/** Which tools there are, in the order of the rail. Another one is its file, a line here and its picture there. */
import { accept } from './accept.ts';
import { box } from './box.ts';
import { brush, eraser, scribble } from './brush.ts';
import { click, cut } from './click.ts';
import { fill } from './fill.ts';
import { lasso } from './lasso.ts';
import { object } from './object.ts';
import { pan } from './pan.ts';
import { patches } from './patches.ts';
import { polygon } from './polygon.ts';
import { predict } from './predict.ts';
import { scissors } from './scissors.ts';
import type { ToolDescriptor } from './tool.ts';
import { wand } from './wand.ts';

export const TOOLS = {
  brush,
  eraser,
  polygon,
  lasso,
  scissors,
  box,
  fill,
  wand,
  patches,
  click,
  object,
  cut,
  scribble,
  predict,
  accept,
  pan,
} satisfies Record<string, ToolDescriptor>;

export type ToolName = keyof typeof TOOLS;

/** The tools in their order; `Object.keys` forgets the type. */
export const TOOL_NAMES = Object.keys(TOOLS) as readonly ToolName[];
