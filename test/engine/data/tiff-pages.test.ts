/** Which pages of a TIFF are images, which are channels, and which are left out and named. */
import { describe, expect, test } from 'vitest';
import { decodeImage } from '../../../engine/data/decode.ts';
import { filePages } from '../../../engine/data/read-pages.ts';
import { fileInMemory } from '../../../engine/data/image-file.ts';
import { type TiffPage, writeTiff } from './tiff-writer.ts';

const subject = 'a.tif';
const [width, height] = [4, 3];

/** A page full of a number of 16 bits. */
const plane = (value: number, changes: Partial<TiffPage> = {}): TiffPage => ({
  width,
  height,
  bits: [16],
  samples: Array.from({ length: width * height }, () => value),
  ...changes,
});
const planes = (count: number, description: string) =>
  Array.from({ length: count }, (_, i) =>
    plane(100 * i, i === 0 ? { tags: { 270: description } } : {}),
  );
const pagesOf = async (bytes: Uint8Array, as: 'auto' | 'images' | 'channels' = 'auto') =>
  filePages(fileInMemory(bytes), { subject, as });
const groupsOf = async (bytes: Uint8Array, as: 'auto' | 'images' | 'channels' = 'auto') =>
  (await pagesOf(bytes, as)).images.map(({ page, channelPages }) => channelPages ?? [page]);

describe('pages that are no images of their own', () => {
  const small = { width: 2, height: 1, samples: [1, 2] };

  test.each([
    ['a reduced copy', { 254: [1] }, 'its page 2 is a reduced copy (2×1 px) and left out'],
    ['an old reduced copy', { 255: [2] }, 'its page 2 is a reduced copy (2×1 px) and left out'],
    [
      'a page of a reduced copy',
      { 254: [3] },
      'its page 2 is a reduced copy (2×1 px) and left out',
    ],
    [
      'a transparency mask',
      { 254: [4] },
      'its page 2 is a transparency mask (2×1 px) and left out',
    ],
  ] as const)('%s is left out and named', async (_, tags, message) => {
    const bytes = writeTiff([plane(1), plane(0, { ...small, tags }), plane(2)]);
    const { images, leftOut, pages } = await pagesOf(bytes);
    expect([images.map(({ page }) => page), pages]).toEqual([[0, 2], 2]);
    expect(leftOut).toEqual([{ severity: 'info', message }]);
    // Pages keep their numbers, so that what was imported before is read as before.
    expect((await decodeImage(fileInMemory(bytes), { subject, page: 2 })).data[0]).toBe(2);
  });

  test('levels of a pyramid are named together, and images that hang on pages are counted', async () => {
    const levels = [1, 2, 3].map(() => plane(0, { ...small, tags: { 254: [1] } }));
    const bytes = writeTiff([plane(1, { tags: { 330: [8, 8] } }), ...levels]);
    expect((await pagesOf(bytes)).leftOut.map(({ message }) => message)).toEqual([
      'its pages 2–4 are reduced copies (2×1 px) and left out',
      '2 smaller or other images that hang on its pages (SubIFDs): left out',
    ]);
  });

  test('pages of several sizes that nothing marks are images, and pointed out', async () => {
    const { images, leftOut } = await pagesOf(writeTiff([plane(1), plane(0, small)]));
    expect(images).toHaveLength(2);
    expect(leftOut.map(({ severity, message }) => `${severity}: ${message}`)).toEqual([
      expect.stringMatching(/^change: .*differ in size \(4×3, 2×1 px\)/),
    ]);
  });

  test('a file of nothing but a copy is that image', async () => {
    const bytes = writeTiff([plane(7, { tags: { 254: [1] } })]);
    expect(await groupsOf(bytes)).toEqual([[0]]);
    expect((await decodeImage(fileInMemory(bytes), { subject })).data[0]).toBe(7);
  });
});

const ome = (pixels: string, inside = '<TiffData/>') =>
  `<?xml version="1.0"?><!-- <Pixels> is not this --><OME UUID="urn:uuid:me"><Image ID="Image:0"><Pixels SizeX="4" SizeY="3" ${pixels}>${inside}</Pixels></Image></OME>`;
const byChannel = [
  [0, 1, 2],
  [3, 4, 5],
];
const bySlice = [
  [0, 2, 4],
  [1, 3, 5],
];

describe('pages that are channels', () => {
  test.each([
    ['ImageJ', 'ImageJ=1.54\nimages=6\nchannels=3\nslices=2\nhyperstack=true\n', byChannel],
    ['ImageJ in time', 'ImageJ=1.54\nimages=6\nchannels=3\nframes=2\nhyperstack=true\n', byChannel],
    ['tifffile', '{"shape": [2, 3, 3, 4], "axes": "ZCYX"}', byChannel],
    ['tifffile, channels first', '{"shape": [3, 2, 3, 4], "axes": "CZYX"}', bySlice],
    ['OME', ome('DimensionOrder="XYCZT" SizeC="3" SizeZ="2" SizeT="1"'), byChannel],
    ['OME, slices first', ome('DimensionOrder="XYZCT" SizeC="3" SizeZ="2" SizeT="1"'), bySlice],
    ['OME in time', ome('DimensionOrder="XYZTC" SizeC="3" SizeZ="1" SizeT="2"'), bySlice],
    [
      'OME that lists its pages',
      ome(
        'DimensionOrder="XYZCT" SizeC="3" SizeZ="2" SizeT="1"',
        [5, 4, 3, 2, 1, 0]
          .map((ifd, i) => `<TiffData IFD="${ifd}" FirstZ="${i % 2}" FirstC="${i >> 1}"/>`)
          .join(''),
      ),
      [
        [4, 2, 0],
        [5, 3, 1],
      ],
    ],
  ] as const)('as %s says', async (_, description, groups) => {
    const bytes = writeTiff(planes(6, description));
    expect(await groupsOf(bytes)).toEqual(groups);
    expect(await groupsOf(bytes, 'channels')).toEqual(groups);
    expect(await groupsOf(bytes, 'images')).toEqual([[0], [1], [2], [3], [4], [5]]);
    const [channelPages = []] = groups;
    const image = await decodeImage(fileInMemory(bytes), { subject, channelPages });
    expect(image).toMatchObject({ width, height, channels: 3, bitDepth: 16 });
    expect([...image.data.subarray(3, 6)]).toEqual(channelPages.map((page) => 100 * page));
  });

  test.each([
    ['names no size', '', []],
    ['names one side', 'SizeX="99"', []],
    ['names the size', 'SizeX="4" SizeY="3"', []],
    [
      'names another size',
      'SizeX="99" SizeY="3"',
      [
        'its description (OME) speaks of 99×3 px, and its planes have 4×3: the planes are taken as they are',
      ],
    ],
  ])('OME-XML that %s', async (_, sides, notes) => {
    const description = ome('DimensionOrder="XYCZT" SizeC="2" SizeZ="1" SizeT="1"').replace(
      'SizeX="4" SizeY="3"',
      sides,
    );
    const { images, leftOut } = await pagesOf(writeTiff(planes(2, description)));
    expect(images.map(({ channelPages }) => channelPages)).toEqual([[0, 1]]);
    expect(leftOut.map(({ message }) => message)).toEqual(notes);
  });

  const stated = 'DimensionOrder="XYZCT" SizeZ="2" SizeC="1" SizeT="1" Type="uint16"';
  const kept = ': the planes are taken as they are';
  test.each([
    ['fits', ome(stated), []],
    [
      'has sizes that are none',
      ome(stated.replace('SizeZ="2"', 'SizeZ="-2"').replace('SizeC="1"', 'SizeC="x"')),
      [`(OME) says SizeZ="-2", SizeC="x", which cannot be${kept}`],
    ],
    [
      'has an order of no axes',
      ome(stated.replace('XYZCT', 'ABC')),
      [`(OME) says DimensionOrder="ABC", which cannot be${kept}`],
    ],
    [
      'speaks of other samples',
      ome(stated.replace('uint16', 'float')),
      [`(OME) speaks of samples of the type float, and its planes have uint16${kept}`],
    ],
    [
      'numbers pages that are not there',
      ome(stated, '<TiffData IFD="7" PlaneCount="99"/>'),
      [`(OME) speaks of page 9, and it has 2 pages${kept}`],
    ],
    [
      'numbers slices that are not there',
      ome(stated, '<TiffData/><TiffData IFD="0" FirstZ="9"/><TiffData IFD="-1"/>'),
      [
        `(OME) says FirstZ="9" in its TiffData 2, which cannot be${kept}`,
        `(OME) says IFD="-1" in its TiffData 3, which cannot be${kept}`,
      ],
    ],
    [
      'knows of fewer planes',
      ome(stated.replace('SizeZ="2"', 'SizeZ="1"')),
      [`(OME) speaks of 1 plane, and it has 2 pages${kept}`],
    ],
    ['is cut off', ome(stated).slice(0, -30), [`(OME) is cut off or names no pixels${kept}`]],
    [
      'is of ImageJ',
      'ImageJ=1.54\nslices=-2\n',
      [`(ImageJ) says slices=-2, which cannot be${kept}`],
    ],
  ])('a description that %s', async (_, description, notes) => {
    const { images, leftOut } = await pagesOf(writeTiff(planes(2, description)));
    expect(images).toHaveLength(2);
    expect(leftOut).toEqual(
      notes.map((note) => ({ severity: 'change', message: `its description ${note}` })),
    );
  });

  test.each([
    ['nothing is said', 'a stack'],
    ['slices are slices', 'ImageJ=1.54\nimages=6\nslices=6\n'],
    ['the numbers do not agree', 'ImageJ=1.54\nimages=6\nchannels=4\n'],
    ['samples of colour are no pages', ome('DimensionOrder="XYCZT" SizeC="1" SizeZ="6" SizeT="1"')],
    ['braces hold something else', '{"shape": "round"}'],
  ])('not where %s', async (_, description) => {
    const bytes = writeTiff(planes(6, description));
    expect(await groupsOf(bytes)).toHaveLength(6);
    expect(await groupsOf(bytes, 'channels')).toEqual([[0, 1, 2, 3, 4, 5]]);
  });

  test.each([
    ['ImageJ', 'ImageJ=1.54\nimages=6\nchannels=4\n', '1 image of 4 channels'],
    ['OME', ome('DimensionOrder="XYCZT" SizeC="2" SizeZ="2" SizeT="1"'), '2 images of 2 channels'],
  ])('of %s, whose channels do not fit the pages, says so', async (_, description, spoken) => {
    const { images, leftOut } = await pagesOf(writeTiff(planes(6, description)));
    expect(images).toHaveLength(6);
    expect(leftOut).toEqual([
      {
        severity: 'change',
        message: expect.stringMatching(`${spoken}, which does not fit its 6 pages`) as string,
      },
    ]);
  });

  test('not where other files hold the others, and these are not missed', async () => {
    const file = (name: string) => `<UUID FileName="${name}.tif">urn:uuid:${name}</UUID>`;
    const data = ['me', 'you', 'you']
      .map((name, c) => `<TiffData IFD="0" FirstC="${c}">${file(name)}</TiffData>`)
      .join('');
    const text = ome('DimensionOrder="XYCZT" SizeC="3" SizeZ="1" SizeT="1"', data);
    const { images, leftOut } = await pagesOf(writeTiff(planes(1, text)));
    expect(images).toHaveLength(1);
    expect(leftOut).toEqual([
      {
        severity: 'change',
        message: expect.stringMatching(/together with you\.tif, .*imagesTr/) as string,
      },
    ]);
    // Slices elsewhere are images of their own anyway.
    const slices = ['me', 'you']
      .map((name, z) => `<TiffData IFD="0" FirstZ="${z}">${file(name)}</TiffData>`)
      .join('');
    const stack = ome('DimensionOrder="XYCZT" SizeC="1" SizeZ="2" SizeT="1"', slices);
    expect((await pagesOf(writeTiff(planes(1, stack)))).leftOut).toEqual([
      {
        severity: 'info',
        message: expect.stringMatching(/other planes of it lie in you\.tif/) as string,
      },
    ]);
  });

  test('nor where the description itself lies in another file, or all its planes do', async () => {
    const file = '<UUID FileName="you.tif">urn:uuid:you</UUID>';
    for (const [text, name] of [
      [
        '<OME UUID="urn:uuid:me"><BinaryOnly MetadataFile="all.companion.ome"/></OME>',
        /all\.companion\.ome/,
      ],
      [
        ome('DimensionOrder="XYCZT" SizeC="2" SizeZ="1" SizeT="1"', `<TiffData>${file}</TiffData>`),
        /you\.tif/,
      ],
    ] as const) {
      const { images, leftOut } = await pagesOf(writeTiff(planes(1, text)));
      expect([images.length, leftOut.length]).toEqual([1, 1]);
      expect(leftOut[0]?.message).toMatch(name);
    }
  });

  test('only where they are of one size and depth', async () => {
    const bytes = writeTiff([plane(1), plane(2, { bits: [8] })]);
    await expect(
      decodeImage(fileInMemory(bytes), { subject, channelPages: [0, 1] }),
    ).rejects.toThrow(/page 1 has 4×3 px of 16 bits, page 2 4×3 px of 8 bits/);
  });
});

describe('planes without a directory of their own', () => {
  const rest = (values: readonly number[]) =>
    new Uint8Array(
      Uint16Array.from(values.flatMap((v) => Array.from({ length: width * height }, () => v)))
        .buffer,
    );
  /** The planes follow the first: all of it is written as one plane of several times the height, then cut down. */
  function stack(count: number, description: string, strip?: number): Uint8Array {
    const values = Array.from({ length: count }, (_, i) => 100 * i);
    const pixels = [...rest(values)];
    const one = plane(0, { tags: { 270: description }, ...(strip === undefined ? {} : { strip }) });
    const head = writeTiff([one]);
    // The writer puts pixels first: after the header of 8 bytes.
    const length = width * height * 2;
    const shift = pixels.length - length;
    const out = [...head.subarray(0, 8), ...pixels, ...head.subarray(8 + length)];
    const view = new DataView(Uint8Array.from(out).buffer);
    const directory = view.getUint32(4, true) + shift;
    view.setUint32(4, directory, true);
    for (let i = 0; i < view.getUint16(directory, true); i++) {
      const entry = directory + 2 + 12 * i;
      const [tag, n] = [view.getUint16(entry, true), view.getUint32(entry + 4, true)];
      const isFar = n * (tag === 270 ? 1 : 4) > 4;
      if (isFar) view.setUint32(entry + 8, view.getUint32(entry + 8, true) + shift, true);
    }
    return new Uint8Array(view.buffer);
  }

  test.each([
    ['ImageJ', 'ImageJ=1.54\nimages=5\nslices=5\n'],
    ['tifffile', '{"shape": [5, 3, 4], "truncated": true}'],
  ])('are pages, as %s says', async (_, description) => {
    for (const strip of [undefined, 1]) {
      const bytes = stack(5, description, strip);
      expect(await groupsOf(bytes)).toEqual([[0], [1], [2], [3], [4]]);
      for (let page = 0; page < 5; page++) {
        const { data } = await decodeImage(fileInMemory(bytes), { subject, page });
        expect([...new Set(data)]).toEqual([100 * page]);
      }
    }
  });

  test('may be channels', async () => {
    const bytes = stack(4, 'ImageJ=1.54\nimages=4\nchannels=2\nframes=2\n');
    expect(await groupsOf(bytes)).toEqual([
      [0, 1],
      [2, 3],
    ]);
  });

  test('are refused in words where they are cut off or cannot be found', async () => {
    const description = 'ImageJ=1.54\nimages=50\nslices=50\n';
    const cut = stack(5, description);
    await expect(pagesOf(cut)).rejects.toThrow(/holds 50 planes.*cut off/);
    await expect(decodeImage(fileInMemory(cut), { subject })).rejects.toThrow(/cut off/);
    const packed = writeTiff([plane(1, { compression: 'lzw', tags: { 270: description } })]);
    await expect(pagesOf(packed)).rejects.toThrow(/compressed or tiled.*directory for each plane/);
  });

  test('are named where some have a directory and some have none', async () => {
    const bytes = writeTiff(planes(2, 'ImageJ=1.54\nimages=5\nslices=5\n'));
    const { leftOut } = await pagesOf(bytes);
    expect(leftOut.map(({ severity, message }) => `${severity}: ${message}`)).toEqual([
      expect.stringMatching(/^skip: .*3 of them have no directory/),
    ]);
  });
});
