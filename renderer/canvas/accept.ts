/** Takes over a whole prediction. Regions one by one are the tool tools/accept.ts. */
import type { History } from './history.ts';
import type { LabelLayer } from './label-layer.ts';

/** One entry of the history. Returns whether any pixel changed. `keepOthers`: only what is `blank`, as nobody labelled it, takes new classes. */
export function acceptAll(
  prediction: LabelLayer,
  options: {
    readonly layer: LabelLayer;
    readonly history: History;
    readonly keepOthers: boolean;
    readonly blank: number;
  },
): boolean {
  const { layer, history, keepOthers, blank } = options;
  const edit = layer.edit();
  if (keepOthers) {
    for (let y = 0; y < layer.height; y++) {
      for (let x = 0; x < layer.width;) {
        const value = prediction.get(x, y);
        const start = x;
        while (x < layer.width && prediction.get(x, y) === value) x++;
        if (value !== blank) edit.fillSpan(y, start, x, { value, only: blank });
      }
    }
  } else {
    edit.replaceAll(prediction);
  }
  return history.commit(edit, { kind: 'record', label: 'Accepted prediction' });
}
