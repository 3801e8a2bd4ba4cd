import sharp from 'sharp';
import { describe, expect, test } from 'vitest';
import { decodeMask } from '../../../../engine/data/decode-mask.ts';
import { fileInMemory } from '../../../../engine/data/image-file.ts';
import { evidenceOf, type MaskKind } from '../../../../engine/data/mask-evidence.ts';
import { proposeMapping } from '../../../../engine/data/import/mask-values.ts';
import {
  applyMapping,
  describeValues,
  type SeenValues,
  unknownValues,
  unmatchedKeys,
  ruleMapping,
  userMapping,
} from '../../../../engine/data/import/value-mapping.ts';
import type { MaskReading } from '../../../../shared/mask-readings.ts';

/** Values in regions, half of each inside; those of `thin` have no inside. */
const seen = (
  kind: MaskKind,
  counts: Record<number, number>,
  thin: readonly number[] = [],
): SeenValues => {
  const histogram = new Map(Object.entries(counts).map(([value, n]) => [Number(value), n]));
  const cores = new Map(
    [...histogram].filter(([v]) => !thin.includes(v)).map(([v, n]) => [v, n / 2]),
  );
  return { kind, histogram, cores, slopes: new Map(), alpha: null };
};

const range = (from: number, to: number) =>
  Object.fromEntries(Array.from({ length: to - from + 1 }, (_, i) => [from + i, 1]));
const numbers = (from: number, to: number) =>
  Array.from({ length: to - from + 1 }, (_, i) => from + i);

function proposal(masks: SeenValues[], reading?: MaskReading) {
  const { mapping, doubts } = proposeMapping(masks, reading);
  return {
    entries: Object.fromEntries(mapping.entries),
    names: mapping.classes.map((c) => c.name),
    otherwise: mapping.otherwise,
    why: mapping.why,
    doubts: doubts.map(({ message }) => message),
    flags: doubts.flatMap(({ instead }) => instead.map(({ flag }) => flag)),
  };
}

describe('classes from the values found', () => {
  test('0 and 255 alone: 255 is the foreground, in grey and in index masks', () => {
    for (const kind of ['grey', 'index'] as const) {
      expect(proposal([seen(kind, { 0: 5, 255: 3 })])).toMatchObject({
        entries: { 0: 0, 255: 1 },
        names: ['background', 'foreground'],
      });
    }
  });

  test('few numbers beside masks that can only number objects are taken for numbers, which is doubtful', () => {
    const numbered = { ...seen('grey', { 0: 5, 255: 9 }), isNumbered: true };
    const few = seen('grey', { 0: 5, 1: 3, 2: 4 });
    expect(proposal([numbered, few])).toMatchObject({
      names: ['background', 'foreground'],
      otherwise: 'foreground',
      why: '1 mask numbers objects beyond 65,535: all but 0 is the foreground',
      doubts: [expect.stringMatching(/^The other masks hold 1 and 2: .* they may be classes/)],
      flags: ['--read values'],
    });
    expect(proposal([numbered, few], 'values').names).toEqual(['background', 'class 1', 'class 2']);
    expect(proposal([seen('grey', { 0: 5, 255: 9 }), few]).otherwise).toBe('ignore');
    expect(proposal([numbered, seen('grey', { 0: 5, 255: 3 })]).doubts).toEqual([]);
  });

  test('255 beside class ids is ignored', () => {
    expect(proposal([seen('index', { 0: 5, 1: 4, 2: 4, 255: 3 })])).toMatchObject({
      entries: { 0: 0, 1: 1, 2: 2, 255: 255 },
      names: ['background', 'class 1', 'class 2'],
    });
    expect(proposal([seen('grey', { 0: 5, 1: 1, 255: 1 })])).toMatchObject({
      entries: { 0: 0, 1: 1, 255: 255 },
      names: ['background', 'foreground'],
    });
  });

  test('255 beside grey levels is a class of its own', () => {
    expect(proposal([seen('grey', { 0: 5, 128: 1, 255: 1 })])).toMatchObject({
      entries: { 0: 0, 128: 1, 255: 2 },
      doubts: [],
    });
  });

  test('gaps between values are closed', () => {
    expect(proposal([seen('index', { 0: 1, 4: 1, 9: 1 })]).entries).toEqual({ 0: 0, 4: 1, 9: 2 });
  });

  test('black and white with grey edges is cut in the middle, and that is doubtful', () => {
    const edges = seen('grey', { ...range(1, 20), 0: 500, 255: 500 }, numbers(1, 20));
    const { mapping, doubts } = proposeMapping([edges]);
    expect(mapping.otherwise).toBe('nearest');
    expect(doubts).toHaveLength(1);
    expect(
      describeValues([seen('grey', { 0: 500, 100: 1, 127: 1, 128: 2, 255: 5 })], mapping),
    ).toEqual([
      { value: '0', key: '0', pixels: 500, becomes: 0 },
      { value: '100…127', key: '100-127', pixels: 2, becomes: 0 },
      { value: '128', key: '128', pixels: 2, becomes: 1 },
      { value: '255', key: '255', pixels: 5, becomes: 1 },
    ]);
  });

  test('many grey values number objects: all are the foreground', () => {
    const masks = [seen('grey', range(0, 100)), seen('grey', range(0, 70))];
    const { mapping, doubts } = proposeMapping(masks);
    expect(mapping.why).toContain('101 values, which number objects');
    expect(doubts).toEqual([]);
    const objects = seen('grey', { 0: 1, 7: 2, 60_000: 3 });
    expect(unknownValues(objects, mapping)).toEqual([]);
    expect(describeValues([objects], mapping)).toEqual([
      { value: '0', key: '0', pixels: 1, becomes: 0 },
      { value: '7…60000', key: '7-60000', pixels: 5, becomes: 1 },
    ]);
  });

  test('many grey values with gaps may be classes: doubtful', () => {
    const masks = [seen('grey', { ...range(0, 80), 150: 4 })];
    expect(proposal(masks)).toMatchObject({
      otherwise: 'foreground',
      doubts: [expect.stringContaining('they may be classes')],
      flags: ['--read values'],
    });
  });

  test('many values of which most form no region may be noise: the levels are a flag away', () => {
    // Without gaps, as the numbers of objects have none: noise does not know which values it leaves out.
    const noisy = [
      seen('grey', { ...range(0, 90), 30: 40, 60: 40 }, [...numbers(1, 29), ...numbers(31, 59)]),
      seen('grey', range(0, 70), numbers(1, 70)),
    ];
    expect(proposal(noisy)).toMatchObject({
      otherwise: 'foreground',
      doubts: [expect.stringContaining('classes with noise or smoothed edges between')],
      flags: ['--read values', '--read levels'],
    });
    expect(proposal(noisy, 'levels').names).toContain('class 30');
  });

  test('of noisy levels, a region is a class from a fiftieth of the largest on', () => {
    const noise = Object.fromEntries(numbers(1, 10).map((i) => [i * 9, 2]));
    const thin = Object.keys(noise).map(Number);
    const of = (pixels: number) =>
      proposal([seen('grey', { ...noise, 0: 9000, 100: pixels, 200: 1000 }, thin)]);
    expect(of(60)).toMatchObject({
      otherwise: 'nearest',
      names: ['background', 'class 100', 'class 200'],
    });
    expect(of(15)).toMatchObject({ otherwise: 'nearest', names: ['background', 'foreground'] });
  });

  test('regions of more than a fifth of what is meant are no noise of it', () => {
    const noise = Object.fromEntries(numbers(1, 10).map((i) => [i * 9, 2]));
    const thin = Object.keys(noise).map(Number);
    const of = (pixels: number) =>
      proposal([seen('grey', { ...noise, 0: 9000, 190: pixels, 195: pixels, 200: 1000 }, thin)]);
    expect(of(90)).toMatchObject({ otherwise: 'nearest', names: ['background', 'foreground'] });
    expect(of(150).otherwise).not.toBe('nearest');
    expect(of(150).names).toContain('class 190');
  });

  test('one mask of all grey levels is black and white with soft edges, and numbers no objects', () => {
    const soft = seen('grey', { ...range(0, 255), 0: 5000, 255: 3000 }, numbers(1, 254));
    expect(proposal([soft])).toMatchObject({
      otherwise: 'nearest',
      names: ['background', 'foreground'],
    });
  });

  test('more colours that form regions than there are classes tell objects apart: doubtful', () => {
    const colours = Object.fromEntries(numbers(1, 70).map((i) => [i * 0x030507, 16]));
    const { names, doubts, flags, why } = proposal([seen('colour', { 0: 500, ...colours })]);
    expect(names).toEqual(['background', 'foreground']);
    expect(why).toContain('71 colours, which tell apart objects');
    expect(doubts).toEqual([
      'The masks hold 70 colours besides black: taken for those of objects, all of them foreground, but they may be classes.',
    ]);
    expect(flags).toEqual(['--read values']);
  });

  test('more than a few numbers without gaps may be objects: doubtful', () => {
    const masks = [seen('grey', range(0, 12)), seen('grey', range(0, 9))];
    expect(proposal(masks)).toMatchObject({
      names: ['background', ...numbers(1, 12).map((i) => `class ${i}`)],
      doubts: [expect.stringContaining('they may number objects')],
      flags: ['--read foreground'],
    });
    expect(proposal([seen('grey', range(0, 12)), seen('grey', { 0: 1, 3: 9 })]).doubts).toEqual([]);
  });

  test('colours are classes in their own colour, black is the background', () => {
    const { mapping } = proposeMapping([seen('colour', { 0: 4, 0xff0000: 1, 0x00ff00: 2 })]);
    expect(Object.fromEntries(mapping.entries)).toMatchObject({
      '#000000': 0,
      '#00ff00': 1,
      '#ff0000': 2,
    });
    expect(mapping.classes.map((c) => c.color)).toEqual(['#000000', '#00ff00', '#ff0000']);
  });

  test('without any mask there is a foreground to label with', () => {
    expect(proposal([]).names).toEqual(['background', 'foreground']);
  });
});

describe('255 beside class numbers', () => {
  test('is the foreground where the numbers are stray pixels', () => {
    const masks = [seen('grey', { 0: 9000, 1: 2, 3: 1, 255: 900 }, [1, 3])];
    expect(proposal(masks)).toMatchObject({
      entries: { 0: 0, 255: 1 },
      names: ['background', 'foreground'],
      otherwise: 'nearest',
      doubts: [expect.stringMatching(/^1 and 3 cover only 3 px and form no region/)],
      flags: ['--read values'],
    });
    expect(proposal(masks, 'values')).toMatchObject({
      entries: { 1: 1, 3: 2, 255: 255 },
      doubts: [],
    });
  });

  test('is the foreground where the numbers are a few pixels in every mask, however small the masks', () => {
    const few = (pixels: number) =>
      [1, 2, 3].map(() => seen('grey', { 0: 900, 7: pixels, 255: 60 }, [7]));
    expect(proposal(few(3))).toMatchObject({
      entries: { 0: 0, 255: 1 },
      otherwise: 'nearest',
      doubts: [expect.stringMatching(/^7 covers only 9 px and forms no region: taken for stray/)],
    });
    expect(proposal(few(5))).toMatchObject({
      entries: { 7: 1, 255: 255 },
      doubts: [expect.stringContaining('it covers more than 7 together')],
    });
  });

  test('is ignored where it is what scribbles leave open', () => {
    const scribbles = [seen('grey', { 0: 90, 1: 80, 2: 70, 255: 90_000 }, [1, 2])];
    expect(proposal(scribbles)).toMatchObject({ entries: { 1: 1, 2: 2, 255: 255 }, doubts: [] });
  });

  test('is doubtful where it is a few stray pixels itself', () => {
    expect(proposal([seen('grey', { 0: 9000, 1: 900, 255: 3 }, [255])])).toMatchObject({
      entries: { 0: 0, 1: 1, 255: 255 },
      doubts: ['255 is taken for "ignore", but it covers only 3 px and forms no region.'],
      flags: ['--map 255=2', '--map 255=1', '--map 255=0'],
    });
  });

  test('is doubtful where no mask holds both, or it covers more than all of them', () => {
    const apart = [seen('grey', { 0: 50, 1: 9 }), seen('grey', { 0: 50, 255: 9 })];
    expect(proposal(apart).doubts).toEqual([
      expect.stringContaining('no mask holds it beside 1: some masks may have it'),
    ]);
    expect(proposal([seen('grey', { 0: 50, 1: 1, 255: 9 })]).doubts).toEqual([
      expect.stringContaining('it covers more than 1 together'),
    ]);
  });

  test('is certain as the thin outline of objects', () => {
    expect(proposal([seen('index', { 0: 90, 1: 50, 15: 50, 255: 9 }, [255])]).doubts).toEqual([]);
  });

  test('65535 is the same in masks of 16 bits', () => {
    expect(proposal([seen('grey', { 0: 90, 1: 50, 65_535: 9 })])).toMatchObject({
      entries: { 0: 0, 1: 1, 65_535: 255 },
    });
    expect(proposal([seen('grey', { 0: 90, 65_535: 9 })])).toMatchObject({
      entries: { 0: 0, 65_535: 1 },
      names: ['background', 'foreground'],
    });
  });
});

describe('other doubts', () => {
  test('a class of stray pixels', () => {
    expect(proposal([seen('grey', { 0: 900, 1: 300, 2: 300, 7: 3 }, [7])])).toMatchObject({
      entries: { 7: 3 },
      doubts: [expect.stringMatching(/^7 covers only 3 px and forms no region: perhaps stray/)],
      flags: ['--read levels', '--read foreground'],
    });
  });

  test('0, 254 and 255 are two values', () => {
    expect(proposal([seen('grey', { 0: 900, 254: 30, 255: 300 })])).toMatchObject({
      names: ['background', 'foreground'],
      otherwise: 'nearest',
      doubts: [expect.stringMatching(/^254 and 255 are nearly equal/)],
      flags: ['--read values'],
    });
  });

  test('smoothed edges: of numbers, in index masks, and enlarged to blocks', () => {
    expect(proposal([seen('grey', { 0: 900, 1: 40, 2: 40, 3: 300 }, [1, 2])])).toMatchObject({
      entries: { 1: 1, 2: 2, 3: 3 },
      doubts: [expect.stringMatching(/^1 and 2 cover only 80 px .*: perhaps smoothed edges/)],
    });
    const ramp = seen('index', { 0: 900, 64: 10, 128: 10, 255: 300 }, [64, 128]);
    expect(proposal([ramp])).toMatchObject({
      otherwise: 'nearest',
      names: ['background', 'foreground'],
    });
    expect(proposal([seen('grey', { 0: 900, 64: 16, 128: 16, 255: 300 })])).toMatchObject({
      doubts: [expect.stringMatching(/^64 and 128 \(32 px\) lie between black and 255/)],
      flags: ['--read black-white', '--read foreground'],
    });
    const enlarged = seen('grey', Object.fromEntries(numbers(0, 255).map((v) => [v, 16])));
    expect(proposal([enlarged, seen('grey', { 0: 9, 255: 9 })])).toMatchObject({
      flags: ['--read black-white'],
    });
  });

  test('none: grey levels and numbers in regions, thin classes beside others', () => {
    for (const masks of [
      [seen('grey', { 0: 900, 85: 30, 170: 40, 255: 300 })],
      [seen('grey', { 0: 900, 1: 30, 2: 40 }, [1, 2])],
      [seen('grey', { 0: 900, 100: 300, 200: 80 }, [200])],
      [seen('index', { 0: 9, 70: 9, 200: 9 })],
      [seen('colour', { 0: 900, 0xff0000: 300, 0x0000ff: 80 }, [0x0000ff])],
    ]) {
      expect(proposal(masks)).toMatchObject({ otherwise: 'ignore', doubts: [] });
    }
  });
});

/** A disc and a bar, 96 × 96, as the share of each pixel that they cover. */
function coverage(x: number, y: number): { disc: number; bar: number } {
  let [disc, bar] = [0, 0];
  for (let i = 0; i < 16; i++) {
    const [px, py] = [x + ((i % 4) + 0.5) / 4, y + (Math.floor(i / 4) + 0.5) / 4];
    if (Math.hypot(px - 32, py - 40) < 19.3) disc++;
    else if (px > 60.6 && px < 82.2 && py > 12.3) bar++;
  }
  return { disc: disc / 16, bar: bar / 16 };
}
const SIDE = 96;

/** A mask of so many bytes a pixel, and what its pixels should become. */
function drawn(values: (cover: { disc: number; bar: number }) => number[]) {
  const data: number[] = [];
  const truth: number[] = [];
  for (let i = 0; i < SIDE * SIDE; i++) {
    const cover = coverage(i % SIDE, Math.floor(i / SIDE));
    data.push(...values(cover));
    truth.push(cover.disc > 0.5 ? 1 : cover.bar > 0.5 ? 2 : 0);
  }
  return { data: Uint8Array.from(data), truth };
}

const png = (data: Uint8Array) =>
  sharp(data, { raw: { width: SIDE, height: SIDE, channels: (data.length / SIDE ** 2) as 1 | 3 } })
    .png()
    .toBuffer();

async function read(bytes: Uint8Array, reading?: MaskReading) {
  const mask = await decodeMask(fileInMemory(bytes), { subject: 'm.png' });
  const { mapping, doubts } = proposeMapping([mask], reading);
  return { mapping, doubts, labels: [...applyMapping(mask, mapping).data] };
}

const differing = (labels: readonly number[], truth: readonly number[]) =>
  labels.filter((label, i) => label !== truth[i]).length;

describe('masks as files', () => {
  const united = drawn(({ disc, bar }) => [Math.round(255 * (disc + bar))]);
  const both = Array.from(united.data, (value) => Number(value > 127));

  test('smoothed black and white is cut in the middle, in 8 and in 16 bits, grey and RGB', async () => {
    const smooth = await read(await png(united.data));
    expect(differing(smooth.labels, both)).toBe(0);
    expect(smooth.doubts).toHaveLength(1);
    const wide = Uint16Array.from(united.data, (value) => value * 257);
    const raw = { width: SIDE, height: SIDE, channels: 1 } as const;
    const deep = await sharp(wide, { raw }).toColourspace('grey16').png().toBuffer();
    expect(differing((await read(deep)).labels, both)).toBe(0);
    const rgb = Uint8Array.from(
      { length: 3 * united.data.length },
      (_, i) => united.data[Math.floor(i / 3)] ?? 0,
    );
    expect(differing((await read(await png(rgb))).labels, both)).toBe(0);
  });

  test('black and white that was a JPEG before it was a PNG is two-valued', async () => {
    for (const quality of [30, 60, 90]) {
      const raw = { width: SIDE, height: SIDE, channels: 1 } as const;
      const crisp = Uint8Array.from(both, (label) => 255 * label);
      const jpeg = await sharp(crisp, { raw }).jpeg({ quality }).toBuffer();
      const { labels, doubts, mapping } = await read(await sharp(jpeg).png().toBuffer());
      expect(mapping.classes.map(({ name }) => name)).toEqual(['background', 'foreground']);
      expect(differing(labels, both)).toBeLessThan(SIDE);
      expect(doubts).toHaveLength(1);
    }
  });

  test('smoothed and noisy colours go to the nearest colour that forms regions', async () => {
    const colours = drawn(({ disc, bar }) => [220 * disc, 30 * disc + 160 * bar, 240 * bar]);
    const smooth = await read(await png(colours.data));
    expect(smooth.mapping.classes).toHaveLength(3);
    expect(smooth.doubts).toHaveLength(1);
    const classes = smooth.labels.map((label) => (label === 0 ? 0 : 3 - label));
    expect(differing(classes, colours.truth)).toBeLessThan(SIDE);
    const raw = { width: SIDE, height: SIDE, channels: 3 } as const;
    const jpeg = await sharp(colours.data, { raw })
      .jpeg({ quality: 85, chromaSubsampling: '4:4:4' })
      .toBuffer();
    const noisy = await read(await sharp(jpeg).png().toBuffer());
    expect(noisy.mapping.classes).toHaveLength(3);
    expect(noisy.doubts).toHaveLength(1);
  });

  test('lines too thin to have an inside are two-valued, too', async () => {
    const thin = drawn(({ disc, bar }) => [disc > 0 && disc < 1 ? 40 + 200 * disc : 0 * bar]);
    const { mapping, doubts } = await read(await png(thin.data));
    expect(mapping.otherwise).toBe('nearest');
    expect(mapping.classes).toHaveLength(2);
    expect(doubts).toHaveLength(1);
  });

  test('numbered objects, tiny ones among them, are no noise', async () => {
    const data = new Uint8Array(SIDE * SIDE);
    for (let object = 0; object < 200; object++) {
      const [left, top] = [(object % 16) * 6, Math.floor(object / 16) * 6];
      const side = object % 3 === 0 ? 2 : 4;
      for (let i = 0; i < side * side; i++) {
        data[(top + Math.floor(i / side)) * SIDE + left + (i % side)] = object + 1;
      }
    }
    const { mapping } = await read(await png(data));
    expect(mapping.otherwise).toBe('foreground');
  });

  test('grey levels with smoothed edges are classes, and the edges doubtful', async () => {
    const levels = drawn(({ disc, bar }) => [Math.round(128 * disc + 255 * bar)]);
    const { mapping, doubts, labels } = await read(await png(levels.data));
    expect(Object.fromEntries(mapping.entries)).toEqual({ 0: 0, 128: 1, 255: 2 });
    expect(doubts).toHaveLength(1);
    expect(differing(labels, levels.truth)).toBeLessThan(3 * SIDE);
  });
});

/** A square picture of one byte a pixel. */
const picture = (side: number, value: (x: number, y: number) => number) =>
  Uint8Array.from({ length: side * side }, (_, i) => value(i % side, Math.floor(i / side)));
const discs = (values: readonly number[], radius = 12) =>
  picture(SIDE, (x, y) => {
    const at = values.findIndex((_, i) => Math.hypot(x - 20 - 28 * i, y - 30 - 20 * i) < radius);
    return values[at] ?? 0;
  });
const classNames = async (data: Uint8Array) => {
  const { mapping, doubts } = await read(await png(data));
  return {
    names: mapping.classes.map(({ name }) => name).slice(1),
    doubts: doubts.map(({ message }) => message),
  };
};

describe('regions are classes however near their values are', () => {
  test('numbers beside a large one, values near each other, quarters, squares', async () => {
    const quarters = picture(
      SIDE,
      (x, y) => [0, 3, 7, 200][Number(x < 48) + 2 * Number(y < 48)] ?? 0,
    );
    const squares = picture(SIDE, (x, y) =>
      x % 32 < 16 && y % 32 < 16 ? ([3, 7, 200][Math.floor(x / 32)] ?? 0) : 0,
    );
    for (const data of [discs([3, 7, 200]), quarters, squares]) {
      expect(await classNames(data)).toEqual({
        names: ['class 3', 'class 7', 'class 200'],
        doubts: [],
      });
    }
    expect((await classNames(discs([200, 205, 210]))).names).toHaveLength(3);
  });

  test('and doubtful where rounding could have made them', async () => {
    expect(await classNames(discs([254, 255]))).toEqual({
      names: ['class 254', 'class 255'],
      doubts: [expect.stringMatching(/^254 differs from 0 or 255 by hardly anything/)],
    });
  });

  test('but a rim, and what is scattered, belong to what they are beside', async () => {
    const rim = picture(SIDE, (x, y) => {
      const far = Math.hypot(x - 48, y - 48);
      return far < 30 ? 255 : far < 33 ? 254 : 0;
    });
    const scattered = discs([200]).map((value, i) => (i % 97 === 0 ? 3 : value));
    for (const data of [rim, scattered]) {
      const { names, doubts } = await classNames(data);
      expect(names).toEqual(['foreground']);
      expect(doubts).toHaveLength(1);
    }
  });

  test('also with smoothed edges', async () => {
    const smooth = picture(SIDE, (x, y) => {
      const cover = coverage(x, y);
      return Math.round(7 * cover.disc + 200 * cover.bar);
    });
    expect((await classNames(smooth)).names).toEqual(['class 7', 'class 200']);
  });
});

describe('smoothed edges that were enlarged', () => {
  const lines = (levels: number) =>
    picture(64, (x, y) => {
      const far = Math.min(
        Math.abs(y - 20 - 9 * Math.sin(x / 9)),
        Math.abs(x - 40 - 8 * Math.cos(y / 7)),
      );
      const cover = Math.min(1, Math.max(0, 1.4 - far));
      return Math.round((Math.round(cover * (levels - 1)) * 255) / (levels - 1));
    });
  const enlarged = (data: Uint8Array, by: number) =>
    picture(64 * by, (x, y) => data[Math.floor(y / by) * 64 + Math.floor(x / by)] ?? 0);

  test('are no classes, as thin lines of few or many levels', async () => {
    for (const [levels, by] of [
      [5, 3],
      [17, 4],
      [64, 6],
    ] as const) {
      const data = enlarged(lines(levels), by);
      const side = 64 * by;
      const bytes = await sharp(data, { raw: { width: side, height: side, channels: 1 } })
        .png()
        .toBuffer();
      const { mapping, doubts, labels } = await read(bytes);
      expect(mapping.classes, `${levels} levels`).toHaveLength(2);
      expect(doubts).toHaveLength(1);
      expect(
        differing(
          labels,
          Array.from(data, (value) => Number(value > 127)),
        ),
      ).toBe(0);
    }
  });

  test('but layers, strips and touching objects are', async () => {
    const layers = picture(SIDE, (x, y) => {
      const layer = Math.floor((y - 40 - 5 * Math.sin(x / 15)) / 5);
      return layer < 0 ? 0 : ([80, 120, 160, 200][layer] ?? 0);
    });
    const strips = picture(SIDE, (x) => 50 * (Math.floor(x / 4) % 6));
    const touching = picture(
      SIDE,
      (x, y) => 4 * ((7 * Math.floor(x / 6) + 11 * Math.floor(y / 6)) % 60),
    );
    expect((await classNames(layers)).names).toHaveLength(4);
    expect((await classNames(strips)).names).toHaveLength(5);
    expect((await classNames(touching)).names).toHaveLength(59);
  });
});

describe('masks with alpha', () => {
  const rgba = (colour: (inside: boolean) => number[]) =>
    drawn(({ disc }) => {
      const inside = disc > 0.5;
      return colour(inside);
    });
  const encoded = (data: Uint8Array, format: 'png' | 'webp' | 'tiff') => {
    const image = sharp(data, { raw: { width: SIDE, height: SIDE, channels: 4 } });
    return format === 'webp'
      ? image.webp({ lossless: true, exact: true }).toBuffer()
      : (format === 'png' ? image.png() : image.tiff({ compression: 'deflate' })).toBuffer();
  };

  test('are their alpha where the colour is the same everywhere, in PNG, WebP and TIFF', async () => {
    for (const shade of [255, 0]) {
      const { data, truth } = rgba((inside) => [shade, shade, shade, inside ? 255 : 0]);
      const disc = truth.map((label) => Number(label === 1));
      for (const format of ['png', 'webp', 'tiff'] as const) {
        const { mapping, doubts, labels } = await read(await encoded(data, format));
        expect(mapping.channel).toBe('alpha');
        expect(differing(labels, disc), `${shade} ${format}`).toBe(0);
        expect(doubts[0]?.instead.map(({ flag }) => flag)).toEqual(['--read colour']);
        expect((await read(await encoded(data, format), 'colour')).mapping.channel).toBe('colour');
      }
    }
  });

  test('are their alpha in 16 bits, too', async () => {
    const { data, truth } = rgba((inside) => [255, 40, 90, inside ? 255 : 0]);
    const disc = truth.map((label) => Number(label === 1));
    // 16 bits that 8 do not hold: one colour all over is none that could be lost.
    const wide = Uint16Array.from(data, (value, i) => (i % 4 < 3 ? value * 200 : value * 257));
    const raw = { width: SIDE, height: SIDE, channels: 4 } as const;
    const image = sharp(wide, { raw }).toColourspace('rgb16');
    for (const bytes of [
      await image.clone().png().toBuffer(),
      await image.clone().tiff({ compression: 'deflate' }).toBuffer(),
    ]) {
      const { mapping, labels } = await read(bytes);
      expect(mapping.channel).toBe('alpha');
      expect(differing(labels, disc)).toBe(0);
    }
  });

  test('are their colours where these say it, and doubtful where alpha says more', async () => {
    const cut = rgba((inside) => (inside ? [255, 0, 0, 255] : [0, 0, 0, 0]));
    expect(await read(await encoded(cut.data, 'png'))).toMatchObject({
      mapping: { channel: 'colour' },
      doubts: [],
    });
    let pixel = 0;
    const half = rgba((inside) => [pixel++ % SIDE < 48 ? 255 : 0, 0, 0, inside ? 255 : 0]);
    const { mapping, doubts } = await read(await encoded(half.data, 'png'));
    expect(mapping.channel).toBe('colour');
    expect(doubts[0]?.message).toMatch(/px of the masks are transparent/);
    expect(doubts[0]?.instead.map(({ flag }) => flag)).toEqual(['--read alpha']);
  });
});

describe('applying a mapping', () => {
  test('unknown values become ignore and are counted', () => {
    const { mapping: proposed } = proposeMapping([seen('index', { 0: 1, 1: 2, 3: 1 })]);
    const mapping = userMapping({ '1': 2, '3': 255 }, proposed);
    const values = Uint8Array.of(0, 1, 1, 3, 9, 9);
    const mask = {
      ...{ width: 3, height: 2, kind: 'index' as const, values, alpha: null, notes: [] },
      ...evidenceOf(values, 3),
    };
    expect([...applyMapping(mask, mapping).data]).toEqual([0, 2, 2, 255, 255, 255]);
    expect(unknownValues(mask, mapping)).toEqual([{ value: '9', pixels: 2 }]);
    expect(mapping.classes.map((c) => c.name)).toEqual(['background', 'class 1', 'class 2']);
  });

  test('what the user says of one value leaves the others as proposed', () => {
    const { mapping: proposed } = proposeMapping([seen('grey', { 0: 9, 1: 3, 2: 3, 255: 3 })]);
    const mapping = userMapping({ '255': 3, '2': 1 }, proposed);
    expect(Object.fromEntries(mapping.entries)).toEqual({ 0: 0, 1: 1, 2: 1, 255: 3 });
    expect(mapping.classes.map((c) => c.name)).toEqual([
      'background',
      'class 1',
      'class 2',
      'class 3',
    ]);
  });

  test('names go with the values that they name, and values that are not listed keep theirs', () => {
    const color = (index: number) => `#0000${index}0`;
    const names = ['sky', 'building', 'pole', 'road'];
    const proposed = ruleMapping({
      entries: new Map(names.map((_, index) => [String(index), index] as const)),
      classes: names.map((name, index) => ({ index, name, color: color(index) })),
      why: '',
    });
    const mapped = (given: Record<string, number>) => {
      const { classes, entries } = userMapping(given, proposed);
      return [classes.map(({ name }) => name), Object.fromEntries(entries)];
    };
    expect(mapped({ '0': 1, '1': 0 })).toEqual([
      ['building', 'sky', 'pole', 'road'],
      { 0: 1, 1: 0, 2: 2, 3: 3 },
    ]);
    expect(userMapping({ '2': 3, '3': 2 }, proposed).classes[2]?.color).toBe(color(3));
    expect(mapped({ '2': 1 })[0]).toEqual(['sky', 'building', 'class 2', 'road']);
    expect(mapped({ '1': 4, '2': 4, '3': 255 })[0]).toEqual([
      'sky',
      'class 1',
      'class 2',
      'class 3',
      'building, pole',
    ]);
  });

  test('a range counts less than a value of it, is one line, and what it names in vain is told', () => {
    const masks = [seen('grey', { 0: 9, 1: 3, 2: 3, 3: 3, 9: 2 })];
    const { mapping: proposed } = proposeMapping(masks);
    const given = { '2': 4, '1-5': 1, '200': 1, '20-30': 2 };
    const mapping = userMapping(given, proposed);
    expect(describeValues(masks, mapping)).toEqual([
      { value: '0', key: '0', pixels: 9, becomes: 0 },
      { value: '1', key: '1', pixels: 3, becomes: 1 },
      { value: '2', key: '2', pixels: 3, becomes: 4 },
      { value: '3', key: '3', pixels: 3, becomes: 1 },
      { value: '9', key: '9', pixels: 2, becomes: 4 },
    ]);
    expect(describeValues(masks, userMapping({ '1-5': 1 }, proposed))[1]).toEqual({
      value: '1…3',
      key: '1-3',
      pixels: 9,
      becomes: 1,
    });
    expect(unmatchedKeys(given, masks, mapping)).toEqual(['200', '20-30']);
    expect(() => userMapping({ cell: 1 }, proposed)).toThrow(/"cell" is no mask value/);
  });

  test('a user may map colours in any case, and black too', () => {
    const { mapping: proposed } = proposeMapping([]);
    const mapping = userMapping({ '#FF0000': 1, '#000000': 1 }, proposed);
    expect(unknownValues(seen('colour', { 0xff0000: 1, 0: 1 }), mapping)).toEqual([]);
    expect(mapping.entries.get('#000000')).toBe(1);
  });
});
