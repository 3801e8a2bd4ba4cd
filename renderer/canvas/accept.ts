/** Takes over a whole prediction. Regions one by one are the tool tools/accept.ts. */
import { BACKGROUND } from '../../shared/entities.ts';
import type { History } from './history.ts';
import type { LabelLayer } from './label-layer.ts';

/** One entry of the history. Returns whether any pixel changed. `keepOthers`: only background takes new classes. */
export function acceptAll(
  prediction: LabelLayer,
  { layer, history, keepOthers }: { layer: LabelLayer; history: History; keepOthers: boolean },
): boolean {
  const edit = layer.edit();
  if (keepOthers) {
    for (let y = 0; y < layer.height; y++) {
      for (let x = 0; x < layer.width;) {
        const value = prediction.get(x, y);
        const start = x;
        while (x < layer.width && prediction.get(x, y) === value) x++;
        if (value !== BACKGROUND) edit.fillSpan(y, start, x, { value, only: BACKGROUND });
      }
    }
  } else {
    edit.replaceAll(prediction);
  }
  return history.commit(edit, { kind: 'record', label: 'Accepted prediction' });
}
