/** What the user has in hand, and its limits. */
import type { ToolName } from './tools/all-tools.ts';

/** How the user works: the same for every image. */
export interface EditorSettings {
  readonly tool: ToolName;
  /** Class id or IGNORE. */
  readonly value: number;
  readonly brushSizePx: number;
  readonly scribbleSizePx: number;
  readonly tolerance: number;
  /** Paint only over what is of no class, and erase only the chosen class. */
  readonly keepOthers: boolean;
}

export const MIN_BRUSH_PX = 1;
const MAX_BRUSH_PX = 4000;

export const DEFAULT_SETTINGS: EditorSettings = {
  tool: 'brush',
  value: 1,
  brushSizePx: 20,
  scribbleSizePx: 4,
  tolerance: 16,
  keepOthers: false,
};

export const clampBrush = (sizePx: number): number =>
  Math.round(Math.min(MAX_BRUSH_PX, Math.max(MIN_BRUSH_PX, sizePx)));
