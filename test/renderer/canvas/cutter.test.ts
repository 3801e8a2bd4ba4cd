import { expect, it } from 'vitest';
import { cutRequest } from '../../../renderer/canvas/cutter.ts';
import { LabelLayer } from '../../../renderer/canvas/label-layer.ts';
import { KNOWN } from '../../../shared/assist/grab-cut.ts';
import { NO_SCRIBBLE } from '../../../shared/assist/scribbled.ts';

it('misses no scribble of one pixel where a large box is looked at coarsely', () => {
  const scribbles = new LabelLayer(2000, 1500, NO_SCRIBBLE);
  const edit = scribbles.edit();
  // A thin line, on no pixel of every third row and column.
  for (let y = 400; y < 640; y++) edit.fillSpan(y, 701, 702, { value: 2, only: null });
  edit.fillSpan(500, 900, 1000, { value: 0, only: null });
  edit.commit();
  const asked = cutRequest(
    { points: [], box: { x0: 500, y0: 300, x1: 1200, y1: 900 }, shape: null },
    { displayed: () => 0x808080, scribbles, value: 2 },
  );
  if (asked === null) expect.fail('nothing is asked');
  const { request, region } = asked;
  expect([region.left, region.top, request.step]).toEqual([150, 0, 3]);
  const { width } = request.image;
  const rows = new Set<number>();
  request.marks.forEach((mark, at) => {
    if (mark === KNOWN.inside) rows.add(Math.floor(at / width));
  });
  expect(rows.size).toBe(81);
  expect(request.marks.filter((mark) => mark === KNOWN.outside)).toHaveLength(34);
});
