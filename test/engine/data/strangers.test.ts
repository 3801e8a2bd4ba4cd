/** What a project from others says of its images, and where it says that they lie, is not believed. */
import { execFileSync } from 'node:child_process';
import { createHash } from 'node:crypto';
import { globSync, readFileSync, symlinkSync, writeFileSync } from 'node:fs';
import { createServer } from 'node:net';
import { join } from 'node:path';
import Database from 'better-sqlite3';
import { encode } from 'fast-png';
import { expect, it, onTestFinished } from 'vitest';
import { projectRoot } from '../../../build/locations.mjs';
import { trainingDecoders } from '../../../engine/data/decoders.ts';
import { exportDataset } from '../../../engine/data/export/export.ts';
import { storedPredictions } from '../../../engine/data/export/selection.ts';
import { openFile } from '../../../engine/data/image-file.ts';
import {
  assertAsLarge,
  openOriginal,
  readImage,
  readSmall,
  withOriginalRows,
} from '../../../engine/data/image-source.ts';
import { tellApart } from '../../../engine/data/tell-apart.ts';
import { openProject, type Project } from '../../../engine/db/project.ts';
import { measureDataset } from '../../../engine/measure/measure-dataset.ts';
import { sha256 } from '../../../engine/sha256.ts';
import { createImageStore } from '../../../engine/training/images/image-store.ts';
import { readTile } from '../../../engine/training/images/tiles.ts';
import { createRunWriter, decodeLabelMap } from '../../../shared/label-map.ts';
import { DEFAULT_SPLIT } from '../../../shared/objects/split-touching.ts';
import { temporaryFolder, temporaryProject } from '../../fixtures/projects.ts';
import { wholeProject } from '../../fixtures/whole-project.ts';

const png = encode({ width: 4, height: 3, data: new Uint8Array(12), channels: 1 });

function imageOf(
  project: Project,
  options: { widthPx: number; heightPx: number; linkPath?: string },
) {
  const { linkPath, ...size } = options;
  const datasetId = project.datasets.create({ name: 'd', origin: {}, classes: [] });
  const id = project.datasets.addImage({
    datasetId,
    name: 'a.png',
    ...size,
    channels: 1,
    bitDepth: 8,
    hash: createHash('sha256').update(png).digest('hex'),
    page: 0,
    groupName: null,
    imageClass: null,
    source: linkPath === undefined ? { bytes: png } : { linkPath },
  });
  const image = project.datasets.image(id);
  if (image === undefined) throw new Error('it was just added');
  return image;
}

/** A label map of one class in a few bytes. */
function blank(width: number, height: number): Uint8Array {
  const writer = createRunWriter({ width, height });
  writer.append(1, width * height);
  return writer.bytes();
}

const unix = it.skipIf(process.platform === 'win32');

unix(
  'links to pipes, devices, sockets and the system are refused by name and read never',
  async () => {
    const folder = temporaryFolder();
    const pipe = join(folder, 'pipe.png');
    execFileSync('mkfifo', [pipe]);
    const link = join(folder, 'link.png');
    symlinkSync('/dev/zero', link);
    const socket = join(folder, 's.png');
    const server = createServer().listen(socket);
    onTestFinished(() => void server.close());
    await new Promise((resolve) => server.once('listening', resolve));
    const project = temporaryProject();
    const image = imageOf(project, { widthPx: 4, heightPx: 3, linkPath: pipe });
    await expect(openOriginal(project, image)).rejects.toMatchObject({
      code: 'unreadable',
      message: expect.stringMatching(/pipe\.png is a pipe, and only ordinary files/) as string,
    });
    for (const [path, words] of [
      ['/dev/zero', /is a device/],
      [link, /link\.png is a device/],
      [socket, /is a socket/],
      [folder, /is a folder/],
      ...(process.platform === 'linux'
        ? ([
            ['/proc/self/status', /made up by the system/],
            ['/proc/kmsg', /made up by the system/],
          ] as const)
        : []),
    ] as const) {
      await expect(openFile(path)).rejects.toMatchObject({
        code: 'unreadable',
        message: expect.stringMatching(words) as string,
      });
    }
  },
);

it('a size that the file contradicts is named, and nothing is unpacked for it', async () => {
  const project = temporaryProject();
  const image = imageOf(project, { widthPx: 32_768, heightPx: 32_768 });
  const labelMapId = project.labelMaps.add({
    imageId: image.id,
    author: 'human',
    bytes: blank(32_768, 32_768),
  });
  const contradiction = {
    code: 'corrupt',
    message: expect.stringMatching(
      /a\.png has 4×3 px, but 32768×32768 px in the project/,
    ) as string,
  };
  await expect(readImage(project, image)).rejects.toMatchObject(contradiction);
  await expect(
    withOriginalRows(project, image, { by: trainingDecoders, use: () => Promise.resolve() }),
  ).rejects.toMatchObject(contradiction);
  await expect(readSmall(project, image, 160)).rejects.toMatchObject(contradiction);
  expect(project.labelMaps.bytes(labelMapId)?.length).toBeLessThan(32);
  await expect(assertAsLarge(project, image)).rejects.toMatchObject(contradiction);
  const labelled = { ...image, labelMapId };
  const store = createImageStore({ folder: temporaryFolder() });
  onTestFinished(() => store.close());
  for (const mode of ['resize', 'patches'] as const) {
    const tile = readTile(
      project,
      { image: labelled, labelMapId, imageClass: null },
      { sampling: { mode, sizePx: 8 }, channels: 1, store, depths: true },
    );
    await expect(tile).rejects.toMatchObject(contradiction);
  }
  const { report } = await tellApart(project, [labelled], {
    ...{ ...DEFAULT_SPLIT, how: 'components', preview: true, onProgress: () => undefined },
    signal: new AbortController().signal,
  });
  expect(report).toMatchObject({ images: 0, damaged: [contradiction.message] });
  const dataset = project.datasets.get(image.datasetId) ?? expect.fail('the dataset is gone');
  const host = { signal: new AbortController().signal, progress: () => undefined };
  const { images, notes } = await measureDataset(project, { dataset, runId: null }, host);
  expect(images).toEqual([]);
  expect(notes).toEqual([expect.stringMatching(/^a\.png was not measured: .* 32768×32768 px in/)]);
  const before = process.memoryUsage().arrayBuffers;
  for (const format of ['folder', 'coco'] as const) {
    const dir = join(temporaryFolder(), 'out');
    const { damaged } = await exportDataset(project, image.datasetId, { format, dir });
    expect(damaged).toEqual([contradiction.message]);
  }
  expect(process.memoryUsage().arrayBuffers - before).toBeLessThan(2 ** 28);
});

it('a prediction of an image without labels is unpacked only where its file is as large', async () => {
  const path = wholeProject();
  const raw = new Database(path);
  const bytes = blank(32_768, 32_768);
  raw.prepare('UPDATE images SET width_px = 32768, height_px = 32768 WHERE id = 2').run();
  raw.prepare('UPDATE results SET prediction = ?, prediction_sha256 = ?').run(bytes, sha256(bytes));
  raw.close();
  const project = openProject(path);
  onTestFinished(() => project.close());
  const image = project.datasets.image(2) ?? expect.fail('the image is gone');
  await expect(storedPredictions(project, 1)({ ...image, labelMapId: null })).rejects.toMatchObject(
    {
      subject: image.name,
    },
  );
});

it('labels and objects are unpacked nowhere but where the file of their image was looked at', () => {
  const unpackers = globSync('engine/**/*.ts', { cwd: projectRoot }).filter((file) =>
    /\b(decodeLabelMap|decodeObjectMap|objectsFrom|readLabelMap)\(/.test(
      readFileSync(join(projectRoot, file), 'utf8'),
    ),
  );
  // Whoever joins them reads the image first, calls assertAsLarge, or goes run by run as codeOverlaps does.
  expect(unpackers.map((file) => file.replaceAll('\\', '/')).sort()).toEqual([
    'engine/assist/learn.ts',
    'engine/data/export/selection.ts',
    'engine/data/image-source.ts',
    'engine/data/import/prepare.ts', // masks, one function of that name
    'engine/data/objects-of.ts',
    'engine/data/tell-apart-thread.ts',
    'engine/handlers/predict.ts', // what a trainer has just predicted
    'engine/measure/measure-thread.ts',
    'engine/server/thumbnails.ts',
    'engine/study/report/gather.ts',
    'engine/training/images/image-store.ts',
    'engine/training/images/tiles.ts',
    'engine/training/live/pictures.ts',
    'engine/training/measure-request.ts',
    'engine/training/scoring/evaluation.ts',
  ]);
});

it('a label map that is not as large as its image is named wherever it is read', () => {
  const project = temporaryProject();
  const image = imageOf(project, { widthPx: 4, heightPx: 3 });
  const labelMapId = project.labelMaps.add({
    imageId: image.id,
    author: 'human',
    bytes: blank(4000, 3000),
  });
  const words = /label map 1 of a\.png is 4000×3000 px, its image 4×3 px/;
  expect(() => project.labelMaps.bytes(labelMapId)).toThrow(words);
  // One that is damaged hides none of the others.
  expect(project.labelMaps.latest(image.id)).toMatchObject({ bytes: null });
  expect([...project.labelMaps.latestOf(image.datasetId)]).toMatchObject([{ bytes: null }]);
});

it('a label map gets the memory that its header promises when its runs keep the promise', () => {
  const promised = blank(32_768, 32_768).slice(0, 14);
  const before = process.memoryUsage().arrayBuffers;
  expect(() => decodeLabelMap(promised)).toThrow(/a run is cut off|fall short/);
  expect(process.memoryUsage().arrayBuffers - before).toBeLessThan(2 ** 20);
});

it('an ordinary file is read as ever', async () => {
  const path = join(temporaryFolder(), 'a.png');
  writeFileSync(path, png);
  expect((await openFile(path)).sizeBytes).toBe(png.length);
});
