/** Which tool's labels a JSON file holds, told by what is in it. */
import { DatumaroFile } from './datumaro.ts';
import { LabelmeFile } from './labelme.ts';
import { QuPathFile } from './qupath.ts';

export type JsonKind = 'labelme' | 'datumaro' | 'qupath';

/** null: none of these. */
export function jsonKind(json: unknown): JsonKind | null {
  if (QuPathFile.safeParse(json).success) return 'qupath';
  if (LabelmeFile.safeParse(json).success) return 'labelme';
  return DatumaroFile.safeParse(json).success ? 'datumaro' : null;
}
