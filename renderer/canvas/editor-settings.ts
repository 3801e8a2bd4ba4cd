/** What the user has in hand, and its limits. */
import type { ToolName } from './tools/all-tools.ts';
import type { SizeSetting } from './tools/tool.ts';

/** How the user works: the same for every image. */
export interface EditorSettings {
  readonly tool: ToolName;
  /** Class id or IGNORE. */
  readonly value: number;
  readonly brushSizePx: number;
  readonly scribbleSizePx: number;
  readonly patchSizePx: number;
  readonly tolerance: number;
  /** Paint only over what is of no class, and erase only the chosen class. */
  readonly keepOthers: boolean;
}

/** What each size may be, in image pixels: patches are told from one another, and are smaller than an image. */
export const SIZE_LIMITS: Readonly<Record<SizeSetting, { least: number; most: number }>> = {
  brushSizePx: { least: 1, most: 4000 },
  scribbleSizePx: { least: 1, most: 4000 },
  patchSizePx: { least: 6, most: 500 },
};

export const DEFAULT_SETTINGS: EditorSettings = {
  tool: 'brush',
  value: 1,
  brushSizePx: 20,
  scribbleSizePx: 4,
  patchSizePx: 24,
  tolerance: 16,
  keepOthers: false,
};

export const clampSize = (of: SizeSetting, sizePx: number): number =>
  Math.round(Math.min(SIZE_LIMITS[of].most, Math.max(SIZE_LIMITS[of].least, sizePx)));
