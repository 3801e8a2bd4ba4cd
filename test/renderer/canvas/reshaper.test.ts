/** What is computed beside the brush takes nothing of what was painted meanwhile. */
import { expect, it } from 'vitest';
import { LabelLayer } from '../../../renderer/canvas/label-layer.ts';
import { putChanges, reshapeHere } from '../../../renderer/canvas/reshaper.ts';

it('puts down a change of shape but for the pixels that were painted since', async () => {
  const layer = new LabelLayer(20, 8);
  const first = layer.edit();
  for (let y = 2; y < 6; y++) first.fillSpan(y, 8, 12, { value: 1, only: null });
  first.commit();
  const before = layer.toLabelMap();
  const after = await reshapeHere(before, {
    ...{ change: 'grow', value: 1, radiusPx: 2, areaPx: 1 },
    ...{ blank: 0, keepOthers: false },
  });
  const meanwhile = layer.edit();
  meanwhile.fillSpan(3, 6, 8, { value: 2, only: null });
  meanwhile.commit();
  const edit = layer.edit();
  putChanges(edit, { before, after });
  edit.commit();
  const row = (y: number) => Array.from({ length: 20 }, (_, x) => layer.get(x, y)).join('');
  expect(row(4)).toBe('00000011111111000000');
  expect(row(3)).toBe('00000022111111000000');
});
