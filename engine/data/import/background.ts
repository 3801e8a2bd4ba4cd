/** Whether class 0 of what is imported is the background, which is trained but not scored, or a class like any other. */
import type { BackgroundChoice } from '../../../shared/api.ts';
import { BACKGROUND, type SegmentationClass } from '../../../shared/entities.ts';

/** Names under which datasets keep what is none of their classes. */
const NAMES =
  /^[_\s]*(back[\s_-]?ground|bg|un-?label+ed|unknown|other|others|none|nothing|void|class 0|0)[_\s]*$/i;

/** `auto`: as the files say; else unless a layout names class 0 as something else, such as the sky of CamVid. */
export function isBackground(
  classes: readonly SegmentationClass[],
  { choice, said }: { readonly choice: BackgroundChoice; readonly said?: boolean | undefined },
): boolean {
  if (choice !== 'auto') return choice === 'yes';
  if (said !== undefined) return said;
  const name = classes.find(({ index }) => index === BACKGROUND)?.name;
  return name === undefined || NAMES.test(name);
}
