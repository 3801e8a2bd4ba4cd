import { encode } from 'fast-png';
import { existsSync, mkdirSync, readFileSync, symlinkSync } from 'node:fs';
import sharp from 'sharp';
import { describe, expect, test } from 'vitest';
import { fileError } from '../../../../engine/data/file-error.ts';
import { diskReader, type FileReader } from '../../../../engine/data/files.ts';
import { bytesOf } from '../../../../engine/data/image-file.ts';
import { previewImport, runImport } from '../../../../engine/data/import/import.ts';
import { planImport } from '../../../../engine/data/import/preview.ts';
import { carryOutImport } from '../../../../engine/data/import/run.ts';
import { openOriginal, readImage, readLabelMap } from '../../../../engine/data/image-source.ts';
import type { Project } from '../../../../engine/db/project.ts';
import { AppError } from '../../../../shared/errors.ts';
import { greyPng, indexPng, rgbPng, scratch, type Scratch } from './scratch.ts';

/** Two good pairs; everything else of a test is bad. */
function goodPairs(s: Scratch): void {
  for (const [seed, name] of ['good1', 'good2'].entries()) {
    s.write(`data/images/${name}.png`, rgbPng(4, 4, seed));
    s.write(`data/masks/${name}.png`, greyPng(4, 4, [255, ...new Array<number>(15).fill(0)]));
  }
}

const importData = (s: Scratch, over: Partial<Parameters<typeof runImport>[2]> = {}) =>
  runImport(
    s.project,
    { format: 'auto', path: s.path('data') },
    { datasetName: 'd', link: false, ...over },
  );

async function errorOf(work: Promise<unknown>): Promise<AppError> {
  const thrown: unknown = await work.then(
    () => undefined,
    (error: unknown) => error,
  );
  if (thrown instanceof AppError) return thrown;
  throw new Error(`expected an AppError, got ${String(thrown)}`);
}

/** A reader that is refused some paths, as by the permissions that a test running as root cannot take. */
const refusing = (refused: RegExp): FileReader => {
  const check = (path: string) => {
    if (refused.test(path)) {
      throw fileError(path, Object.assign(new Error('EACCES'), { code: 'EACCES' }));
    }
  };
  return {
    async open(path) {
      check(path);
      return diskReader.open(path);
    },
    async list(path) {
      check(path);
      return diskReader.list(path);
    },
  };
};

describe('bad images are named and skipped, the rest is imported', () => {
  const jpeg = sharp(rgbPng(64, 64, 5))
    .jpeg()
    .toBuffer();
  test.each<[string, string, () => Uint8Array | Promise<Uint8Array>, RegExp]>([
    ['0 bytes', 'bad.png', () => new Uint8Array(0), /empty \(0 bytes\)/],
    ['not an image', 'bad.png', () => Buffer.from('<html></html>'), /not an image/],
    ['truncated PNG', 'bad.png', () => rgbPng(64, 64, 3).subarray(0, 900), /cut off/],
    ['truncated JPEG', 'bad.jpg', async () => (await jpeg).subarray(0, 900), /cut off/],
    [
      '50,000 px wide',
      'bad.png',
      () => encode({ width: 50_000, height: 2, data: new Uint8Array(100_000), channels: 1 }),
      /50,000 px wide.*tiles/,
    ],
    ['a BMP', 'bad.bmp', () => Buffer.from('BM'.padEnd(100)), /BMP.*Convert it to PNG/],
  ])('%s', async (_, name, content, message) => {
    const s = scratch();
    goodPairs(s);
    s.write(`data/images/${name}`, await content());
    s.write('data/masks/bad.png', greyPng(4, 4));
    const preview = await previewImport({ format: 'auto', path: s.path('data') });
    const report = await importData(s);
    expect(preview).toMatchObject({ images: 2, labelled: 2 });
    expect(report).toMatchObject({ images: 2, labelled: 2, skipped: 1 });
    for (const { issues } of [preview, report]) {
      expect(issues.filter((i) => i.severity === 'skip').map((i) => i.path)).toEqual([
        `images/${name}`,
      ]);
      expect(issues.find((i) => i.severity === 'skip')?.message).toMatch(message);
    }
  });

  test.each<[string, Uint8Array, RegExp]>([
    ['of another size', greyPng(5, 4), /for 5×4 px, the image has 4×4/],
    ['truncated', greyPng(4, 4).subarray(0, 45), /cut off/],
    ['empty', new Uint8Array(0), /0 bytes/],
    ['a picture', rgbPng(40, 40, 1), /more than 256 colours/],
  ])('a mask that is %s costs its image only the labels', async (_, mask, message) => {
    const s = scratch();
    goodPairs(s);
    s.write('data/images/bad.png', rgbPng(4, 4, 9));
    s.write('data/masks/bad.png', mask);
    const report = await importData(s);
    expect(report).toMatchObject({ images: 3, labelled: 2, skipped: 0, droppedMasks: 1 });
    expect(report.issues).toMatchObject([{ path: 'masks/bad.png', severity: 'skip' }]);
    expect(report.issues[0]?.message).toMatch(message);
  });

  test('a mask drawn on the unrotated image is told from any other size', async () => {
    const s = scratch();
    const turned = await sharp(rgbPng(6, 4, 1))
      .withMetadata({ orientation: 6 })
      .jpeg()
      .toBuffer();
    s.write('data/images/a.jpg', turned);
    s.write('data/masks/a.png', greyPng(6, 4));
    const { issues } = await importData(s);
    expect(issues.map((i) => i.message)).toEqual([
      'EXIF orientation applied (rotated by 90°)',
      expect.stringMatching(/for 6×4 px, the image has 4×6.*before its EXIF rotation/),
    ]);
    expect(s.project.datasets.images(1)[0]).toMatchObject({ widthPx: 4, heightPx: 6 });
  });

  test('unknown class values become ignore, with their counts and the remedy', async () => {
    const s = scratch();
    goodPairs(s);
    s.write('data/images/odd.png', rgbPng(4, 4, 3));
    s.write('data/masks/odd.png', indexPng(4, 4, [7, 7, ...new Array<number>(14).fill(1)]));
    const classes = [
      { index: 0, name: 'background', color: '#000000' },
      { index: 1, name: 'cell', color: '#ff0000' },
    ];
    s.write('data/classes.json', Buffer.from(JSON.stringify({ classes })));
    const request = { format: 'auto' as const, path: s.path('data') };
    const preview = await previewImport(request);
    const report = await runImport(s.project, request, { datasetName: 'd', link: false });
    const expected = {
      path: 'masks/odd.png',
      severity: 'change',
      message:
        'values without a class are ignored: 7 (2 px). Map them to classes if they mean something.',
    };
    expect(preview.issues).toEqual([expected]);
    expect(report.issues).toEqual([expected]);
    const odd = s.project.datasets.images(report.datasetId).find((i) => i.name === 'odd.png');
    expect([...readLabelMap(s.project, odd?.labelMapId ?? 0).data.subarray(0, 3)]).toEqual([
      255, 255, 1,
    ]);
  });

  test('values beyond the sample of the preview are met by the import', async () => {
    const s = scratch();
    for (const i of [0, 1, 2, 3]) {
      s.write(`data/images/${i}.png`, rgbPng(2, 2, i));
      s.write(`data/masks/${i}.png`, indexPng(2, 2, [0, 1, 1, i === 3 ? 9 : 0]));
    }
    const plan = await planImport({ format: 'auto', path: s.path('data'), sample: 2 });
    expect(plan.preview.issues.map((i) => `${i.severity}: ${i.message}`)).toEqual([
      expect.stringMatching(/^info: .*2 of 4 images/),
    ]);
    const report = await carryOutImport(s.project, plan, { datasetName: 'd', link: false });
    expect(report).toMatchObject({ images: 4, labelled: 4 });
    expect(report.issues).toMatchObject([{ path: 'masks/3.png', severity: 'change' }]);
    expect(report.issues[0]?.message).toContain('9 (1 px)');
  });
});

describe('folders and files that cannot be read', () => {
  test('a missing folder', async () => {
    const s = scratch();
    const error = await errorOf(previewImport({ format: 'auto', path: s.path('nowhere') }));
    expect([error.code, error.message]).toEqual([
      'unreadable',
      `${s.path('nowhere')} does not exist. Check the path.`,
    ]);
  });

  test('a file instead of a folder', async () => {
    const s = scratch();
    const file = s.write('data.png', rgbPng(2, 2, 1));
    const error = await errorOf(previewImport({ format: 'auto', path: file }));
    expect(error.message).toContain('is not a folder');
  });

  test('a folder without images', async () => {
    const s = scratch();
    s.write('data/readme.txt', 'nothing here');
    const error = await errorOf(previewImport({ format: 'auto', path: s.path('data') }));
    expect([error.code, error.message]).toEqual([
      'invalid-input',
      expect.stringContaining('holds no images'),
    ]);
  });

  test('a folder that may not be read is an error; one beneath it costs itself', async () => {
    const s = scratch();
    goodPairs(s);
    s.write('data/private/x.png', rgbPng(2, 2, 2));
    const path = s.path('data');
    const whole = await errorOf(
      previewImport({ format: 'auto', path }, { reader: refusing(/data$/) }),
    );
    expect([whole.code, whole.message]).toEqual([
      'unreadable',
      expect.stringContaining('may not be read by you'),
    ]);
    const preview = await previewImport({ format: 'auto', path }, { reader: refusing(/private$/) });
    expect(preview.images).toBe(2);
    expect(preview.issues).toMatchObject([{ path: 'private', severity: 'skip' }]);
  });

  test('a single file that may not be read is skipped', async () => {
    const s = scratch();
    goodPairs(s);
    const report = await importData(s, { reader: refusing(/images.good1\.png$/) });
    expect(report).toMatchObject({ images: 1, skipped: 1 });
    expect(report.issues[0]?.message).toContain('may not be read by you');
  });

  test('links to folders are left out, dangling links too, links to files are followed', async () => {
    const s = scratch();
    goodPairs(s);
    s.write('elsewhere/far.png', rgbPng(3, 3, 8));
    mkdirSync(s.path('data/more'));
    symlinkSync(s.path('data'), s.path('data/more/loop'));
    symlinkSync(s.path('elsewhere/far.png'), s.path('data/images/far.png'));
    symlinkSync(s.path('elsewhere/gone.png'), s.path('data/images/gone.png'));
    const preview = await previewImport({ format: 'auto', path: s.path('data') });
    expect(preview.images).toBe(3);
    expect(preview.issues.filter((i) => i.severity === 'skip').map((i) => i.path)).toEqual([
      'images/gone.png',
      'more/loop',
    ]);
  });
});

describe('the import as a whole', () => {
  test('copies originals byte for byte', async () => {
    const s = scratch();
    goodPairs(s);
    const { datasetId } = await importData(s);
    const image = s.project.datasets.images(datasetId)[0];
    if (image === undefined) throw new Error('no image');
    expect(image).toMatchObject({ storage: 'embedded', name: 'good1.png', channels: 3 });
    expect(Buffer.from(await bytesOf(await openOriginal(s.project, image)))).toEqual(
      readFileSync(s.path('data/images/good1.png')),
    );
    expect(s.project.labelMaps.history(image.id)).toMatchObject([
      { author: 'imported', note: 'from masks/good1.png' },
    ]);
    expect(s.project.datasets.get(datasetId)?.origin).toMatchObject({
      kind: 'import',
      format: 'folder',
    });
  });

  test('links originals by path and hash, and tells a changed or missing one', async () => {
    const s = scratch();
    goodPairs(s);
    const { datasetId } = await importData(s, { link: true });
    const [first, second] = s.project.datasets.images(datasetId);
    if (first === undefined || second === undefined) throw new Error('no images');
    const path = s.path('data/images/good1.png');
    expect([first.storage, first.linkPath]).toEqual(['linked', path]);
    expect((await readImage(s.project, first)).width).toBe(4);
    s.write('data/images/good1.png', rgbPng(4, 4, 99));
    const changed = await errorOf(readImage(s.project, first));
    expect([changed.code, changed.subject]).toEqual(['unreadable', path]);
    expect(changed.message).toContain('no longer the file that was imported');
    const missing = await errorOf(
      openOriginal(s.project, { ...second, linkPath: s.path('gone.png') }),
    );
    expect(missing.message).toMatch(/gone\.png does not exist/);
  });

  test('a name that is taken is a conflict, before anything is read', async () => {
    const s = scratch();
    goodPairs(s);
    await importData(s);
    const error = await errorOf(importData(s, { reader: refusing(/./) }));
    expect([error.code, error.message]).toEqual([
      'conflict',
      expect.stringContaining('a dataset "d" already'),
    ]);
  });

  test('cancelling removes what this import created', async () => {
    const s = scratch();
    for (let i = 0; i < 120; i++) s.write(`data/${i}.png`, greyPng(2, 2, i));
    const control = new AbortController();
    const error = await errorOf(
      importData(s, {
        signal: control.signal,
        onProgress({ done, message }) {
          if (message.startsWith('Importing') && done === 110) control.abort();
        },
      }),
    );
    expect(error.code).toBe('cancelled');
    expect(s.project.datasets.list()).toEqual([]);
    expect(existsSync(s.path('data/0.png'))).toBe(true);
  });

  test('progress counts every image', async () => {
    const s = scratch();
    goodPairs(s);
    const seen: string[] = [];
    await importData(s, { onProgress: (p) => seen.push(`${p.done}/${p.total} ${p.message}`) });
    expect(seen.slice(-3)).toEqual([
      '0/2 Importing images/good1.png',
      '1/2 Importing images/good2.png',
      '2/2 Imported',
    ]);
  });

  test('where every file is bad there is no dataset, and the first reason is told', async () => {
    const s = scratch();
    s.write('data/a.png', 'x');
    s.write('data/b.png', '');
    const error = await errorOf(importData(s));
    expect([error.code, error.message]).toEqual([
      'invalid-input',
      expect.stringMatching(/None of the 2 images .* First: a\.png: is not an image/),
    ]);
    expect(s.project.datasets.list()).toEqual([]);
  });

  test('where labels are all there is and cannot be read, no count of images is told', async () => {
    const s = scratch();
    s.write('data/images/a.png', greyPng(2, 2, 1));
    s.write('data/annotations.xml', '<annotations><image id="0" name="a.png" wid');
    const { message } = await errorOf(importData(s));
    expect(message).toMatch(/^Nothing in .* could be imported\. First: annotations\.xml: /);
  });

  test('a disk that fills is told, and nothing half-imported stays', async () => {
    const s = scratch();
    for (let i = 0; i < 60; i++) s.write(`data/${i}.png`, greyPng(2, 2, i));
    let writes = 0;
    const filling: Project = {
      ...s.project,
      transaction(write) {
        writes++;
        // The dataset, a batch of fifty; the disk is full for the rest until something is deleted.
        if (writes === 3) throw new AppError('no-space', 'The disk is full.');
        return s.project.transaction(write);
      },
    };
    const error = await errorOf(
      runImport(
        filling,
        { format: 'auto', path: s.path('data') },
        { datasetName: 'd', link: false },
      ),
    );
    expect(error.code).toBe('no-space');
    expect(writes).toBe(4);
    expect(s.project.datasets.list()).toEqual([]);
  });

  test('identical files are imported and pointed out', async () => {
    const s = scratch();
    s.write('data/a.png', greyPng(2, 2, 1));
    s.write('data/b.png', greyPng(2, 2, 1));
    const { issues } = await importData(s);
    expect(issues).toContainEqual({
      path: 'b.png',
      severity: 'info',
      message: 'the same file as a.png, byte for byte',
    });
  });

  test('a bug is not taken for a bad file', async () => {
    const s = scratch();
    goodPairs(s);
    const reader: FileReader = {
      ...diskReader,
      open: () => Promise.reject(new TypeError('a bug')),
    };
    await expect(importData(s, { reader })).rejects.toThrow(TypeError);
    expect(s.project.datasets.list()).toEqual([]);
  });
});
