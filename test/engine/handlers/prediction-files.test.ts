import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { basename, join } from 'node:path';
import { expect, onTestFinished, test } from 'vitest';
import { inputFiles } from '../../../engine/data/input-files.ts';
import { imagesOfFiles } from '../../../engine/handlers/prediction-files.ts';
import { type TiffPage, writeTiff } from '../data/tiff-writer.ts';

const page = (tags: TiffPage['tags'] = {}): TiffPage => ({
  ...{ width: 2, height: 1, bits: [8], samples: [1, 2] },
  tags,
});

async function written(files: Readonly<Record<string, Uint8Array>>) {
  const dir = mkdtempSync(join(tmpdir(), 'graft-predict-'));
  onTestFinished(() => {
    rmSync(dir, { recursive: true });
  });
  const paths = Object.entries(files).map(([name, bytes]) => {
    writeFileSync(join(dir, name), bytes);
    return join(dir, name);
  });
  return (await inputFiles(paths, join(dir, 'out'))).files;
}

const summary = ({ inputs }: Awaited<ReturnType<typeof imagesOfFiles>>) =>
  inputs.map(({ shown, page: first, channelPages, pageNumber, mask }) => [
    basename(shown),
    channelPages ?? [first],
    pageNumber,
    mask,
  ]);

test('every page that is an image gets a mask of its own, and what is none is named', async () => {
  const files = await written({
    'stack.tif': writeTiff([page(), page({ 254: [1] }), page()]),
    'one.tif': writeTiff([page()]),
    'ONE.png': new Uint8Array(),
    'broken.tif': Uint8Array.of(1, 2, 3),
  });
  const found = await imagesOfFiles(files, 'auto');
  expect(summary(found)).toEqual([
    ['stack.tif page 1', [0], 1, 'stack.p1.png'],
    ['stack.tif page 3', [2], 3, 'stack.p3.png'],
    ['one.tif', [0], null, 'one.png'],
    // Names that some systems hold for one.
    ['ONE.png', [0], null, 'ONE-2.png'],
    ['broken.tif', [0], null, 'broken.png'],
  ]);
  expect(found.issues.map(({ severity, message }) => `${severity}: ${message}`)).toEqual([
    'info: its page 2 is a reduced copy (2×1 px) and left out',
    'info: its 2 pages are 2 images: each gets a mask',
  ]);
});

test('pages are found by what a file holds, whatever it is called', async () => {
  const bytes = writeTiff([page(), page()]);
  const files = await written({ 'a.lsm': bytes, 'b.TIF': bytes, 'c.png': bytes, d: bytes });
  const found = await imagesOfFiles(files, 'auto');
  expect(found.inputs.map(({ mask }) => mask)).toEqual(
    ['a', 'b', 'c', 'd'].flatMap((name) => [`${name}.p1.png`, `${name}.p2.png`]),
  );
});

test('pages that are channels are one image, unless they are asked for as images', async () => {
  const description = 'ImageJ=1.54\nimages=4\nchannels=2\nslices=2\n';
  const files = await written({
    'c.tif': writeTiff([page({ 270: description }), page(), page(), page()]),
  });
  const joined = await imagesOfFiles(files, 'auto');
  expect(summary(joined)).toEqual([
    ['c.tif page 1', [0, 1], 1, 'c.p1.png'],
    ['c.tif page 3', [2, 3], 3, 'c.p3.png'],
  ]);
  expect(joined.issues[0]?.message).toBe(
    'its 4 pages are the channels of 2 images: each gets a mask',
  );
  expect((await imagesOfFiles(files, 'images')).inputs).toHaveLength(4);
  expect(summary(await imagesOfFiles(files, 'channels'))).toHaveLength(2);
});
