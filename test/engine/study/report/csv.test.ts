import { describe, expect, it } from 'vitest';
import { imagesCsv, runsCsv } from '../../../../engine/study/report/csv.ts';
import { toCsv } from '../../../../shared/csv.ts';
import { reportFixture } from './fixture.ts';

const OBJECTS = ['objectF1', 'objectAp50', 'objectAp', 'objectPq', 'objectCountError'];

/** Reads RFC 4180, written here on its own to check the writer. */
function parseCsv(text: string): string[][] {
  const rows: string[][] = [];
  let row: string[] = [];
  let field = '';
  let quoted = false;
  for (let i = 0; i < text.length; i++) {
    const c = text[i] ?? '';
    if (quoted) {
      if (c !== '"') field += c;
      else if (text[i + 1] === '"') field += text[i++] ?? '';
      else quoted = false;
    } else if (c === '"') quoted = true;
    else if (c === ',') {
      row.push(field);
      field = '';
    } else if (c === '\r' && text[i + 1] === '\n') {
      rows.push([...row, field]);
      row = [];
      field = '';
      i++;
    } else field += c;
  }
  return rows;
}

describe('CSV', () => {
  it('quotes commas, quotes and line ends, and nothing else', () => {
    expect(
      toCsv(
        ['a', 'b'],
        [
          ['x,y', 'say "x"'],
          ['two\nlines', 'plain text'],
          [0.1, null],
        ],
      ),
    ).toBe('a,b\r\n"x,y","say ""x"""\r\n"two\nlines",plain text\r\n0.1,\r\n');
  });

  it('reads back as it was, whatever the text', () => {
    const rows = [
      ['"', ',', '\r\n'],
      ['', ' a ', '""'],
    ];
    expect(parseCsv(toCsv(['1', '2', '3'], rows)).slice(1)).toEqual(rows);
  });

  it('has a line a run, with failed runs empty and the random arm named', async () => {
    const { runs } = await reportFixture({
      fails: ({ seed, transfer }) => seed === 1 && transfer === 'decoder',
    });
    const [header, ...rows] = parseCsv(runsCsv(runs));
    expect(header).toEqual([
      'pretraining',
      'transfer',
      'labels',
      'seed',
      'status',
      'testImages',
      'testDice',
      'testIou',
      'testHd95',
      'testBoundaryF1',
      'testDiceLast',
      'learningRate',
      'steps',
      'split',
      'objectImages',
      ...OBJECTS,
    ]);
    expect(rows).toHaveLength(runs.length);
    expect(rows[0]?.slice(0, 6)).toEqual(['none', 'random', '8', '0', 'done', '24']);
    const first = runs[0]?.images.map(({ dice }) => dice) ?? [];
    expect(Number(rows[0]?.[6])).toBeCloseTo(first.reduce((a, b) => a + b, 0) / 24, 12);
    const failed = rows.filter((row) => row[4] === 'failed');
    expect(failed).toHaveLength(2);
    expect(failed[0]?.slice(5)).toEqual([
      ...['0', '', '', '', '', '', '', '', '0'],
      ...['0', '', '', '', '', ''],
    ]);
  });

  it('has a line a run and test image, unrounded', async () => {
    const { runs } = await reportFixture({ seeds: 2 });
    const [header, ...rows] = parseCsv(imagesCsv(runs));
    const scores = ['dice', 'iou', 'hd95', 'boundaryF1'];
    expect(header?.slice(4)).toEqual(['imageId', 'imageName', ...scores, 'split', ...OBJECTS]);
    expect(rows).toHaveLength(runs.length * 24);
    expect(Number(rows[0]?.[6])).toBe(runs[0]?.images[0]?.dice);
  });

  it('names images, and leaves empty what a run has no score of', async () => {
    const { runs } = await reportFixture({ seeds: 2 });
    const scored = { dice: 0.25, iou: 0.125, hd95: 3, boundaryF1: 0.5 };
    const images = [
      { imageId: 7, name: 'a,b.png', ...scored },
      { imageId: 8, name: 'c.png', ...scored, dice: 0.3, scored: null },
      { imageId: 9, name: 'd.png', ...scored, dice: 0.1, scored: { ...scored, dice: 0.2 } },
    ];
    const objects = [
      { imageId: 7, scores: { f1: 0.5, ap50: 0.25, ap: 0.125, pq: 0.375, countError: 2 } },
      { imageId: 9, scores: { f1: null, ap50: null, ap: null, pq: null, countError: 0 } },
    ];
    const own = runs.slice(0, 1).map((run) => ({ ...run, images, objects }));
    const [, ...rows] = parseCsv(imagesCsv(own));
    expect(rows.map((row) => row.slice(4))).toEqual([
      ['7', 'a,b.png', '0.25', '0.125', '3', '0.5', '0', '0.5', '0.25', '0.125', '0.375', '2'],
      ['8', 'c.png', '', '', '', '', '0', '', '', '', '', ''],
      ['9', 'd.png', '0.2', '0.125', '3', '0.5', '0', '', '', '', '', '0'],
    ]);
    const [, ofRun] = parseCsv(runsCsv(own));
    expect(ofRun?.slice(-6)).toEqual(['2', '0.5', '0.25', '0.125', '0.375', '1']);
  });
});
