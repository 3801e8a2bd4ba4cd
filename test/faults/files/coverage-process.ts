/**
 * Entry of the process that decodes a file and tells which places in our own decoders it did not reach, so that files that
 * reach new ones are changed further. It holds damaged files, and is as isolated as the decoders are.
 */
import { Session } from 'node:inspector/promises';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { z } from 'zod';
import { decodeImage } from '../../../engine/data/decode.ts';
import { decodeMask } from '../../../engine/data/decode-mask.ts';
import { fileInMemory, type ImageFile } from '../../../engine/data/image-file.ts';
import { readCvat } from '../../../engine/data/import/cvat.ts';
import { readImageJRois } from '../../../engine/data/import/imagej-roi.ts';
import { readJsonFile } from '../../../engine/data/import/json-file.ts';
import { JSON_SHAPES } from '../../../engine/data/import/json-shapes.ts';
import { paintShapes } from '../../../engine/data/import/paint-shapes.ts';
import type { LabelContent } from '../../../engine/data/import/shapes.ts';
import { readYolo, readYoloNames } from '../../../engine/data/import/yolo.ts';
import { filePages } from '../../../engine/data/read-pages.ts';
import { serveIsolated } from '../../../engine/isolated/serve.ts';
import { readWeightFile } from '../../../engine/training/weights/import-weights.ts';
import { AppError, messageOf } from '../../../shared/errors.ts';
import { readOwnFormat } from './own-formats.ts';
import { CoverageRequest, type Unreached } from './coverage-messages.ts';

const OURS = /\/(engine\/(data|elsewhere|training\/weights)|shared)\/[^?]*\.ts$/;
const session = new Session();
session.connect();
await session.post('Profiler.enable');
await session.post('Profiler.startPreciseCoverage', { callCount: true, detailed: true });

async function read({ as, name, bytes }: CoverageRequest): Promise<void> {
  const subject = 'a.file';
  const file = fileInMemory(bytes);
  if (as === 'image' || as === 'mask') {
    await filePages(file, { subject, as: 'auto' });
    await (as === 'mask' ? decodeMask(file, { subject }) : decodeImage(file, { subject }));
  } else if (as === 'weights') {
    const folder = mkdtempSync(join(tmpdir(), 'graft-faults-coverage-'));
    try {
      writeFileSync(join(folder, 'w'), bytes);
      await readWeightFile(join(folder, 'w'), { preprocessing: 'auto', base: 8 });
    } finally {
      rmSync(folder, { recursive: true });
    }
  } else if (as === 'coco') {
    await readJsonFile(file, { path: subject, shape: 'perhaps COCO' });
    await readJsonFile(file, { path: subject, shape: 'COCO' });
    const { annotations } = JSON_SHAPES.COCO.parse(JSON.parse(Buffer.from(bytes).toString()));
    const painted = annotations.usable.map(({ id, crowd, segmentation: outline }) => ({
      ...{ where: id, crowd, outline, object: null, classIndex: 1 },
    }));
    paintShapes(painted, { size: [14, 20], beneath: new Set(), blank: 0 });
  } else if (as === 'labels') {
    const { images } = await contentOf(name, file, bytes);
    const shapes = images.flatMap((image) => image.shapes);
    const painted = shapes.map((one) => ({ ...one, classIndex: 1 }));
    paintShapes(painted, { size: [14, 20], beneath: new Set(), blank: 0 });
  } else if (as === 'maps' || as === 'bundle') {
    const dir = join(tmpdir(), `graft-faults-coverage-${process.pid}`);
    readOwnFormat({ kind: as, name }, { bytes: Buffer.from(bytes), dir });
  } else if (as === 'folder') {
    const shape = z.enum(['classes.json', 'splits.json', 'dataset.json']).safeParse(name);
    if (shape.success) await readJsonFile(file, { path: subject, shape: shape.data });
  }
}

function contentOf(name: string, file: ImageFile, bytes: Uint8Array): Promise<LabelContent> {
  const text = Buffer.from(bytes).toString();
  if (name.endsWith('.zip')) return Promise.resolve(readImageJRois(bytes));
  if (name.endsWith('.xml')) return Promise.resolve(readCvat(text, name));
  if (name.endsWith('.txt')) return Promise.resolve(readYolo(text, readYoloNames(text) ?? []));
  const shape = name.endsWith('.geojson')
    ? 'qupath'
    : name.startsWith('images/')
      ? 'labelme'
      : 'datumaro';
  return readJsonFile(file, { path: name, shape }).then((content) =>
    z.custom<LabelContent>().parse(content),
  );
}

async function unreached(): Promise<Unreached> {
  const { result } = await session.post('Profiler.takePreciseCoverage');
  const functions: [string, (readonly [number, number])[]][] = [];
  for (const { url, functions: run } of result) {
    const file = OURS.exec(url)?.[0];
    if (file === undefined) continue;
    for (const { ranges } of run) {
      const [whole] = ranges;
      if (whole === undefined || whole.count === 0) continue;
      const not = ranges.filter(({ count }) => count === 0);
      functions.push([
        `${file} ${whole.startOffset}`,
        not.map(({ startOffset, endOffset }) => [startOffset, endOffset] as const),
      ]);
    }
  }
  return functions;
}

serveIsolated(
  async (message) => {
    const request = CoverageRequest.parse(message);
    await unreached();
    try {
      await read(request);
    } catch {
      // Refused, or stumbled over: what becomes of that is tried where its decoder is asked as ever (trial.ts).
    }
    return unreached();
  },
  (_message, error) => new AppError('internal', messageOf(error)),
);
