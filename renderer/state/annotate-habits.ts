/** What an annotator expects to find as it was when coming back from another view. */
import { DEFAULT_SETTINGS, type EditorSettings } from '../canvas/editor-settings.ts';
import type { LabelStyle } from '../canvas/label-raster.ts';

export interface AnnotateHabits {
  settings: EditorSettings;
  /** How labels are drawn, and how strongly when they are filled: 0 … 1. */
  style: Exclude<LabelStyle, 'hatch'>;
  opacity: number;
  /** Whether what is trained while one labels is asked of every image that is opened. */
  showsLive: boolean;
  /** Whether what it sees is asked for anew as it learns, while it is shown. */
  followsLive: boolean;
}

export const firstHabits = (): AnnotateHabits => ({
  settings: DEFAULT_SETTINGS,
  style: 'fill',
  opacity: 0.5,
  showsLive: false,
  followsLive: true,
});
