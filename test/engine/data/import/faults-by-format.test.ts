/** What is wrong with labels, by format: each fault is reported by file and element, and costs nothing but itself. */
import { execFile } from 'node:child_process';
import { mkdirSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { expect, it, onTestFinished } from 'vitest';
import { objectsOf } from '../../../../engine/data/objects-of.ts';
import { createEngine } from '../../../../engine/engine.ts';
import { EXIT } from '../../../../engine/cli/exit-codes.ts';
import type { ImportFormat, ImportIssue } from '../../../../shared/api.ts';
import { EXPORT_FORMATS } from '../../../../shared/export-formats.ts';
import { PATIENCE_MS } from '../../../fixtures/patience.ts';
import { temporaryFolder } from '../../../fixtures/projects.ts';
import { code, op, pickle, torchZip } from '../../training/weights/torch-writer.ts';
import { faultyFolders, MANY } from './faulty-files.ts';
import { partFile } from '../../../../engine/parts.ts';

const CLI = partFile('cli');

const graft = (...args: readonly string[]) =>
  new Promise<{ code: number | null; stdout: string; stderr: string }>((resolve) => {
    const child = execFile(
      process.execPath,
      [CLI, ...args],
      { maxBuffer: 2 ** 24 },
      (_error, stdout, stderr) => resolve({ code: child.exitCode, stdout, stderr }),
    );
    child.stdin?.end();
  });

/**
 * What is said (the beginning of "file: element: why"; nothing, or several), and how many objects the picture has
 * nevertheless; null: no labels.
 */
type Told = readonly [says: string | readonly string[], objects: number | null];

const CORNERS = {
  few: 'it has 2 points; an outline needs three or more',
  cross: 'its outline crosses itself',
  away: 'it covers no pixel of the image',
  nan: 'it has corners that are not numbers',
};
const COCO_CORNERS = {
  ...CORNERS,
  few: 'a polygon has 4 numbers; it needs x, y three times or more',
  nan: 'a polygon has vertices that are not numbers',
};
/** Of the second outline of each picture; what crosses itself is there all the same. */
const corners = (words: Record<keyof typeof CORNERS, string>, element: (stem: string) => string) =>
  Object.fromEntries(
    Object.entries(words).map(([stem, why]): [string, Told] => [
      stem,
      [`${stem}.png: ${element(stem)}: ${why}`, stem === 'cross' ? 2 : 1],
    ]),
  );
/** Of masks that number objects beside masks of classes: without them, what is connected is one. */
const numbers = (ending: string, more: Readonly<Record<string, Told>>): Record<string, Told> => {
  const at = (stem: string, why: string) => `objects/${stem}${ending}: ${why}`;
  return {
    cut: [at('cut', 'is damaged or cut off'), 1],
    size: [at('size', 'labels are for 8×4 px, the image has 8×8'), 1],
    fractions: [at('fractions', 'cannot be read as a mask: it holds 0.333'), 1],
    large: [
      at('large', 'its objects have numbers of more than 24 bits: they are numbered anew'),
      2,
    ],
    many: [at('many', 'its 70000 values number objects: each is kept apart'), MANY.objects],
    ...more,
  };
};

const TOLD: Readonly<Record<string, Readonly<Record<string, Told>>>> = {
  coco: {
    ...corners(COCO_CORNERS, (stem) => `annotation ${2 + 2 * Object.keys(CORNERS).indexOf(stem)}`),
    twice: ['instances.json: annotation 9: an annotation before it has this id: both are kept', 2],
    proto: ['instances.json: annotation 12: its field __proto__ is left out', 2],
  },
  labelme: {
    ...corners(CORNERS, () => 'shape 2 (cell)'),
    proto: ['proto.json: shape 2 (cell): its field __proto__ is left out', 2],
    cut: [
      [
        'cut.json: is cut off: its JSON ends early, in line 1',
        'cut.png: its only annotation could not be used: it is imported unlabelled',
      ],
      null,
    ],
  },
  datumaro: {
    ...corners(COCO_CORNERS, (stem) => `item ${stem}, annotation 2`),
    proto: ['default.json: item proto: its field __proto__ is left out', 2],
    twice: ['default.json: item proto: two items have this id: each is matched by its own path', 2],
  },
  qupath: {
    ...corners(CORNERS, () => 'object 2 (two)'),
    proto: ['proto.geojson: object 2 (two): its field __proto__ is left out', 2],
    twice: ['twice.geojson: object 2 (same): an object before it has this id: both are kept', 2],
  },
  cvat: {
    ...corners(COCO_CORNERS, (stem) => {
      const at = Object.keys(CORNERS).indexOf(stem);
      return `image ${at}, polygon in line ${5 + 4 * at}`;
    }),
    entity: ['annotations.xml: line 21: an entity that XML does not have is not resolved', 2],
    deep: ['annotations.xml: elements: 9970 elements lie more than 32 deep within one another', 2],
  },
  yolo: {
    ...corners(CORNERS, () => 'line 2'),
    few: ['few.txt: line 2: it is a box, which is no outline', 1],
    nan: ['nan.txt: line 2: it has corners that are not numbers', 1],
    away: ['away.txt: line 2: it lies outside the image: YOLO has corners in shares', 1],
    words: ['words.txt: line 2: it does not begin with the number of a class (__proto__', 1],
  },
  'imagej-roi': {
    ...corners(CORNERS, () => 'ROI cell-0002'),
    climb: [
      [
        'climb_RoiSet.zip: ../../cell-0002.roi: its name leads out of the archive: left out',
        'climb_RoiSet.zip: read me.txt: it is no ROI: left out',
        'climb_RoiSet.zip: ROI cell-0003: its 4 corners are cut off',
      ],
      1,
    ],
  },
  voc: {
    good: [[], 2],
    cut: ['SegmentationObject/cut.png: is damaged or cut off', 1],
    size: ['SegmentationObject/size.png: labels are for 8×4 px, the image has 8×8', 1],
    // A colour is an object, as tools that write colours mean it: each pixel of the class has one of its own.
    photo: [[], 16],
  },
  'label-tiff': numbers('.tif', { good: [[], 2] }),
  'ome-tiff': numbers('.ome.tif', {
    good: [[], 2],
    planes: ['objects/planes.ome.tif: says that it holds 5 planes, and has one directory', 1],
    sides: ['objects/sides.ome.tif: its description (OME) speaks of 99×7 px, and its planes', 2],
    entity: [[], 2],
    deep: [[], 2],
    'stack.ome.tif': [
      [
        'images/stack.ome.tif: its description speaks of 5 planes, and 3 of them have no directory',
        'images/stack.ome.tif: image without a mask: imported unlabelled',
      ],
      null,
    ],
  }),
  nifti: numbers('.nii.gz', {
    good: [[], 2],
    axes: ['objects/axes.nii.gz: is damaged or cut off (its header speaks of 9 axes)', 1],
    sides: ['objects/sides.nii.gz: is damaged or cut off (its axes have -8×8×1 voxels)', 1],
    type: ['objects/type.nii.gz: holds complex numbers', 1],
    start: ['objects/start.nii.gz: is damaged or cut off (its voxels would begin at byte -1)', 1],
    claims: ['objects/claims.nii.gz: is damaged or cut off (its 30000×30000×30000 voxels', 1],
  }),
  npy: numbers('.npy', {
    good: [[], 2],
    pickle: ['objects/pickle.npy: holds objects of Python, which is a pickle', 1],
  }),
};

it('there are faults of every format that labels come in', () => {
  const formats = EXPORT_FORMATS.filter((format) => format !== 'folder');
  expect(Object.keys(TOLD).sort()).toEqual([...formats].sort());
  expect(
    faultyFolders()
      .map(({ format }) => format)
      .sort(),
  ).toEqual([...formats].sort());
});

/** "file: element: why", of a file in the imported folder. */
const lineOf = (folder: string, { path, message }: ImportIssue): string =>
  `${path.replace(`${folder}/`, '')}: ${message}`;

it.each(faultyFolders())(
  '$format: each is reported by file and element, in the preview, by the window and by the shell, and the rest comes in',
  { timeout: 4 * PATIENCE_MS },
  async ({ format, files }) => {
    const folder = temporaryFolder();
    const data = join(folder, 'data');
    for (const [path, content] of Object.entries(files)) {
      mkdirSync(dirname(join(data, path)), { recursive: true });
      writeFileSync(join(data, path), content);
    }
    const engine = createEngine();
    onTestFinished(() => engine.close());
    const { path: project } = await engine.call('project.create', {
      path: join(folder, 'p.graft'),
    });
    const source = { format: format satisfies ImportFormat, path: data };
    const preview = await engine.call('datasets.preview', source);
    const report = await engine.call('datasets.import', { project, name: 'window', ...source });
    const { db } = engine.project(project);
    const held = Object.fromEntries(
      db.datasets
        .images(report.datasetId)
        .map(({ name, labelMapId }) => [
          name.replace(/\.png$/, ''),
          labelMapId === null ? null : new Set(objectsOf(db, labelMapId).objects.data).size - 1,
        ]),
    );
    const expected = Object.entries(TOLD[format] ?? {});
    // Of every picture, so that none is there whose fault nobody looks for.
    expect(held).toEqual(
      Object.fromEntries(expected.map(([stem, [, objects]]) => [stem, objects])),
    );
    const words = expected.flatMap(([, [says]]) => says);
    const beginnings = (issues: readonly ImportIssue[]) =>
      issues.flatMap((issue) => {
        const line = lineOf(data, issue);
        const says = words.filter((one) => line.startsWith(one));
        return says.length === 0 && issue.severity === 'skip' ? [line] : says;
      });
    // Each once, and nothing else is skipped.
    for (const { issues } of [preview, report]) {
      expect(beginnings(issues).sort()).toEqual(words.toSorted());
    }
    await engine.call('project.close', { project });

    const args = ['import', project, data, '--format', format, '--dataset', 'shell'];
    const shell = await graft(...args, '--json');
    expect(shell.stderr).not.toMatch(/^graft: /m);
    expect(shell.code).toBe(EXIT.partial);
    expect(JSON.parse(shell.stdout)).toMatchObject({
      ...{ images: report.images, labelled: report.labelled, issues: report.issues },
    });
  },
);

it('a .pth that calls a function is refused by its name, by the window and by the shell', async () => {
  const folder = temporaryFolder();
  const path = join(folder, 'encoder.pth');
  const call = code(op.name('os', 'system'), '(', op.text('true'), 'tR');
  writeFileSync(path, torchZip(pickle(call), {}));
  const engine = createEngine();
  onTestFinished(() => engine.close());
  const { path: project } = await engine.call('project.create', { path: join(folder, 'p.graft') });
  const refused = engine.call('encoders.import', { project, path });
  await expect(refused).rejects.toThrow(/encoder\.pth.*asks for os\.system/s);
  expect(await engine.call('encoders.list', { project })).toEqual([]);
  await engine.call('project.close', { project });
  const shell = await graft('encoder', 'import', project, path);
  expect(shell.code).toBe(EXIT.badInput);
  expect(shell.stderr).toMatch(/encoder\.pth.*asks for os\.system/s);
});
