import { fork } from 'node:child_process';
import { rmSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { type AddOptions, addToDataset } from '../../../../engine/data/addition/carry-out.ts';
import { planAddition } from '../../../../engine/data/addition/plan.ts';
import { runImport } from '../../../../engine/data/import/import.ts';
import { readLabelMap } from '../../../../engine/data/image-source.ts';
import { openProject, type Project } from '../../../../engine/db/project.ts';
import { snapshotItem } from '../../../../engine/db/splits.ts';
import { smallStudy } from '../../../fixtures/projects.ts';
import { greyPng, indexPng, rgbPng, scratch, type Scratch } from '../import/scratch.ts';

const ENGINE = join(import.meta.dirname, '../../../../engine/engine.ts');
const DEFAULTS: Omit<AddOptions, 'path'> = {
  format: 'auto',
  holds: 'auto',
  same: 'skip',
  clash: 'refuse',
  placing: null,
  newClasses: false,
  link: false,
};

/** A dataset "cells" of a.png (labelled) and b.png. */
async function cells(s: Scratch): Promise<number> {
  s.write('data/images/a.png', rgbPng(2, 2, 1));
  s.write('data/images/b.png', rgbPng(2, 2, 2));
  s.write('data/masks/a.png', greyPng(2, 2, [255, 0, 0, 0]));
  const source = { format: 'auto', path: s.path('data') } as const;
  const { datasetId } = await runImport(s.project, source, { datasetName: 'cells', link: false });
  return datasetId;
}

const add = (s: Scratch, datasetId: number, options: Partial<AddOptions> = {}) =>
  addToDataset(s.project, datasetId, { ...DEFAULTS, path: s.path('more'), ...options });

const preview = async (s: Scratch, datasetId: number, options: Partial<AddOptions> = {}) => {
  const dataset = s.project.datasets.get(datasetId);
  if (dataset === undefined) throw new Error('no dataset');
  const request = { ...DEFAULTS, path: s.path('more'), ...options };
  return (await planAddition(s.project, dataset, request)).preview;
};

const matching = (pattern: RegExp): unknown => expect.stringMatching(pattern);

const names = (project: Project, id: number) => project.datasets.images(id).map((i) => i.name);

function labelsOf(project: Project, datasetId: number, name: string): number[] | null {
  const image = project.datasets.images(datasetId).find((one) => one.name === name);
  return image?.labelMapId == null ? null : [...readLabelMap(project, image.labelMapId).data];
}

describe('images that are added to a dataset', () => {
  it('come in beside those that are there, with their masks, and are recorded', async () => {
    const s = scratch();
    const id = await cells(s);
    s.write('more/images/c.png', rgbPng(2, 2, 3));
    s.write('more/masks/c.png', greyPng(2, 2, [0, 255, 0, 0]));
    expect(await preview(s, id)).toMatchObject({ images: 1, labelled: 1, same: 0, clashes: [] });
    expect(names(s.project, id)).toEqual(['a.png', 'b.png']);
    const { report } = await add(s, id);
    expect(report).toMatchObject({ images: 1, labelled: 1, revisions: 0, skipped: 0 });
    expect(names(s.project, id)).toEqual(['a.png', 'b.png', 'c.png']);
    expect(labelsOf(s.project, id, 'c.png')).toEqual([0, 1, 0, 0]);
    expect(s.project.datasets.list()).toHaveLength(1);
    expect(s.project.additions.list(id)).toMatchObject([
      { path: s.path('more'), images: 1, revisions: 0 },
    ]);
  });

  it('are recognised by their content under any name, and left alone', async () => {
    const s = scratch();
    const id = await cells(s);
    s.write('more/images/other.png', rgbPng(2, 2, 1));
    s.write('more/masks/other.png', greyPng(2, 2, [0, 0, 0, 255]));
    expect(await preview(s, id)).toMatchObject({ images: 0, same: 1, sameWithMasks: 1 });
    const { report } = await add(s, id);
    expect(report).toMatchObject({ images: 0, revisions: 0, same: 1, additionId: null });
    expect(report.issues).toContainEqual(
      expect.objectContaining({
        message: matching(/there already.*1 mask.*not used/),
      }),
    );
    expect(labelsOf(s.project, id, 'a.png')).toEqual([1, 0, 0, 0]);
  });

  it('are said to be in the bin where they were deleted before', async () => {
    const s = scratch();
    const id = await cells(s);
    const [a] = s.project.datasets.images(id);
    s.project.imageEdits.setDeleted(a?.id ?? 0, new Date().toISOString());
    s.write('more/images/other.png', rgbPng(2, 2, 1));
    s.write('more/images/c.png', rgbPng(2, 2, 3));
    const { images, issues } = await preview(s, id);
    expect(images).toBe(2);
    expect(issues).toContainEqual({
      ...{ path: 'other.png', severity: 'info' },
      message: matching(/^1 image is also in the bin of ".+".*Restore/),
    });
  });

  it('that are there already give their masks as new revisions where that is asked for', async () => {
    const s = scratch();
    const id = await cells(s);
    s.write('more/images/other.png', rgbPng(2, 2, 1));
    s.write('more/images/b.png', rgbPng(2, 2, 2));
    s.write('more/masks/other.png', greyPng(2, 2, [0, 0, 0, 255]));
    const { report } = await add(s, id, { same: 'labels' });
    expect(report).toMatchObject({ images: 0, revisions: 1, unchanged: 0 });
    expect(labelsOf(s.project, id, 'a.png')).toEqual([0, 0, 0, 1]);
    const [a] = s.project.datasets.images(id);
    const history = s.project.labelMaps.history(a?.id ?? 0);
    expect(history.map(({ author }) => author)).toEqual(['imported', 'imported']);
    const again = await add(s, id, { same: 'labels' });
    expect(again.report).toMatchObject({ revisions: 0, unchanged: 1, additionId: null });
  });

  it('with the name of another are asked about, kept under a free name, or left out', async () => {
    const s = scratch();
    const id = await cells(s);
    s.write('more/A.png', rgbPng(2, 2, 9));
    s.write('more/d.png', rgbPng(2, 2, 4));
    const found = await preview(s, id);
    expect(found.clashes).toEqual([{ name: 'A.png', free: 'A (2).png' }]);
    await expect(add(s, id)).rejects.toMatchObject({
      code: 'conflict',
      message: matching(/A\.png is the name of another image in .*--clash rename/),
    });
    expect(names(s.project, id)).toEqual(['a.png', 'b.png']);
    await add(s, id, { clash: 'skip' });
    expect(names(s.project, id)).toEqual(['a.png', 'b.png', 'd.png']);
    await add(s, id, { clash: 'rename' });
    expect(names(s.project, id)).toEqual(['a.png', 'b.png', 'd.png', 'A (2).png']);
  });

  it('that are all called like images that are there are perhaps masks, and it is said how to say so', async () => {
    const s = scratch();
    const id = await cells(s);
    s.write('more/a.png', greyPng(2, 2, [0, 0, 0, 255]));
    s.write('more/b.png', greyPng(2, 2, [255, 0, 255, 0]));
    expect((await preview(s, id)).doubts).toContainEqual({
      message: matching(/called like images that are there.*are they masks/),
      instead: [expect.objectContaining({ flag: '--holds masks', holds: 'masks' }) as unknown],
    });
    await expect(add(s, id)).rejects.toThrow(/--clash rename.*are they masks.*--holds masks/);
    const { report } = await add(s, id, { holds: 'masks' });
    expect(report).toMatchObject({ images: 0, revisions: 2 });
    s.write('more/d.png', greyPng(2, 2, 1));
    expect(JSON.stringify((await preview(s, id)).doubts)).not.toContain('--holds');
  });

  it('of another kind are pointed out with what training makes of them', async () => {
    const s = scratch();
    const id = await cells(s);
    s.write('more/grey.png', greyPng(2, 2, 7));
    expect((await preview(s, id)).doubts).toEqual([
      {
        message: matching(/1 image of 1 channel, where those of "cells" have 3.*grey/),
        instead: [],
      },
    ]);
  });
});

it('numbers in masks that are no class are not taken for one without a word', async () => {
  const s = scratch();
  const id = await cells(s);
  s.write('more/images/d.png', rgbPng(2, 2, 4));
  s.write('more/masks/d.png', greyPng(2, 2, [0, 7, 7, 0]));
  expect((await preview(s, id)).doubts).toEqual([
    { message: matching(/no class of "cells".*: 7 for class 1 \(.*say so \(--map\)/), instead: [] },
  ]);
  s.write('more/masks/d.png', greyPng(2, 2, [0, 255, 255, 0]));
  expect((await preview(s, id)).doubts).toEqual([]);
});

describe('masks alone', () => {
  it('become revisions of the images whose names they have, and others are named', async () => {
    const s = scratch();
    const id = await cells(s);
    s.write('more/b_mask.png', greyPng(2, 2, [255, 255, 0, 0]));
    s.write('more/z_mask.png', greyPng(2, 2, [255, 255, 0, 0]));
    const found = await preview(s, id);
    expect(found).toMatchObject({ holds: 'masks', images: 0, revisions: 1 });
    const { report } = await add(s, id);
    expect(report).toMatchObject({ images: 0, revisions: 1 });
    expect(labelsOf(s.project, id, 'b.png')).toEqual([1, 1, 0, 0]);
    expect(report.issues).toContainEqual({
      path: 'z_mask.png',
      severity: 'skip',
      message: 'mask without an image of that name',
    });
  });

  it.each([
    [
      'b.json',
      '{"shapes":[{"label":"foreground","points":[[0,0],[2,0],[2,1],[0,1]]}],"imagePath":"b.png"}',
    ],
    [
      'all.xml',
      '<annotations><image name="b.png"><box label="foreground" xtl="0" ytl="0" xbr="2" ybr="1"/></image></annotations>',
    ],
    ['b.txt', '0 0 0 1 0 1 0.5 0 0.5'],
  ])('outlines of other tools become revisions as well: %s', async (file, text) => {
    const s = scratch();
    const id = await cells(s);
    s.write(`more/${file}`, text);
    if (file === 'b.txt') s.write('more/classes.txt', 'foreground');
    const path = file === 'all.xml' ? s.path('more/all.xml') : s.path('more');
    const { report } = await add(s, id, { path });
    expect(report).toMatchObject({ images: 0, revisions: 1 });
    expect(labelsOf(s.project, id, 'b.png')).toEqual([1, 1, 0, 0]);
    const b = s.project.datasets.images(id).find(({ name }) => name === 'b.png');
    expect(s.project.labelMaps.hasObjects(b?.labelMapId ?? 0)).toBe(true);
  });

  it('of another size leave the labels as they are', async () => {
    const s = scratch();
    const id = await cells(s);
    s.write('more/masks/a.png', greyPng(3, 2, 255));
    const { report } = await add(s, id);
    expect(report).toMatchObject({ revisions: 0, droppedMasks: 1 });
    expect(report.issues).toContainEqual(
      expect.objectContaining({
        path: 'masks/a.png',
        message: matching(/3×2 px, the image has 2×2: its labels stay/),
      }),
    );
    expect(labelsOf(s.project, id, 'a.png')).toEqual([1, 0, 0, 0]);
  });

  it('are read from COCO annotations without their images', async () => {
    const s = scratch();
    const id = await cells(s);
    const path = s.write(
      'more/instances.json',
      JSON.stringify({
        images: [{ id: 1, file_name: 'b.png', width: 2, height: 2 }],
        categories: [{ id: 1, name: 'Foreground' }],
        annotations: [
          { id: 1, image_id: 1, category_id: 1, segmentation: [[0, 0, 2, 0, 2, 1, 0, 1]] },
        ],
      }),
    );
    const { report } = await add(s, id, { path });
    expect(report).toMatchObject({ revisions: 1, newClasses: [] });
    expect(labelsOf(s.project, id, 'b.png')).toEqual([1, 1, 0, 0]);
  });

  it('that belong to no image are refused with what to do', async () => {
    const s = scratch();
    const id = await cells(s);
    s.write('more/q_mask.png', greyPng(2, 2, 255));
    await expect(add(s, id, { holds: 'masks' })).rejects.toThrow(/told by the names/);
  });
});

describe('classes of what is added', () => {
  const voc = (s: Scratch, list: string, values: readonly number[]) => {
    s.write('more/images/c.png', rgbPng(2, 2, 3));
    s.write('more/masks/c.png', indexPng(2, 2, values));
    s.write('more/class_names.txt', list);
  };

  it('are matched by name, whatever their numbers, case and spaces', async () => {
    const s = scratch();
    const id = await cells(s);
    voc(s, 'background\nother\nFore ground\n', [2, 0, 0, 0]);
    const found = await preview(s, id);
    expect(found.newClasses).toEqual([]);
    expect(found.valueNames).toMatchObject({ '2': 'Fore ground' });
    await add(s, id);
    expect(labelsOf(s.project, id, 'c.png')).toEqual([1, 0, 0, 0]);
    expect(s.project.datasets.get(id)?.classes.map(({ name }) => name)).toEqual([
      'background',
      'foreground',
    ]);
  });

  it('that are new are shown, added when confirmed, and move no number', async () => {
    const s = scratch();
    const id = await cells(s);
    voc(s, 'background\nvessel\nforeground\n', [1, 2, 0, 0]);
    expect((await preview(s, id)).newClasses).toMatchObject([{ index: 2, name: 'vessel' }]);
    await expect(add(s, id)).rejects.toThrow(/has no class "vessel"\. .*--new-classes/);
    expect(s.project.datasets.get(id)?.classes).toHaveLength(2);
    await add(s, id, { newClasses: true });
    expect(labelsOf(s.project, id, 'c.png')).toEqual([2, 1, 0, 0]);
    expect(s.project.datasets.get(id)?.classes).toMatchObject([
      { index: 0, name: 'background' },
      { index: 1, name: 'foreground' },
      { index: 2, name: 'vessel' },
    ]);
  });

  it('can be mapped to what is there instead', async () => {
    const s = scratch();
    const id = await cells(s);
    voc(s, 'background\nvessel\nforeground\n', [1, 2, 0, 0]);
    await add(s, id, { mapping: { '1': 1 } });
    expect(labelsOf(s.project, id, 'c.png')).toEqual([1, 1, 0, 0]);
  });

  it('are numbers of the dataset where masks hold nothing else', async () => {
    const s = scratch();
    const id = await cells(s);
    s.project.datasets.setClasses(id, [
      ...(s.project.datasets.get(id)?.classes ?? []),
      { index: 2, name: 'x', color: '#111111' },
      { index: 3, name: 'y', color: '#222222' },
    ]);
    s.write('more/images/c.png', rgbPng(2, 2, 3));
    s.write('more/masks/c.png', indexPng(2, 2, [0, 3, 0, 0]));
    await add(s, id);
    expect(labelsOf(s.project, id, 'c.png')).toEqual([0, 3, 0, 0]);
  });
});

describe('parts of what is added', () => {
  it('are none, those that were chosen, or those that folders say; what is there keeps its part', async () => {
    const s = scratch();
    const id = await cells(s);
    const [a, b] = s.project.datasets.images(id).map((image) => image.id);
    const before = [
      { imageId: a ?? 0, part: 'train' },
      { imageId: b ?? 0, part: 'test' },
    ] as const;
    const split = s.project.splits.create(id, 'default', before);
    s.write('more/train/c.png', rgbPng(2, 2, 3));
    s.write('more/val/d.png', rgbPng(2, 2, 4));
    await add(s, id, { placing: { how: 'folders', split: 'default' } });
    const items = s.project.splits.items(split);
    expect(items.slice(0, 2)).toEqual(before);
    expect(items.slice(2).map(({ part }) => part)).toEqual(['train', 'val']);
    s.write('other/e.png', rgbPng(2, 2, 5));
    await add(s, id, { path: s.path('other') });
    expect(s.project.splits.items(split)).toHaveLength(4);
    const nowhere = { how: 'part', split: 'nowhere', part: 'val' } as const;
    s.write('other/f.png', rgbPng(2, 2, 6));
    await expect(add(s, id, { path: s.path('other'), placing: nowhere })).rejects.toThrow(
      /no split "nowhere"/,
    );
  });
});

describe('safety of an addition', () => {
  it('says of a test image of a study that its results stay', async () => {
    const s = scratch();
    const id = await cells(s);
    const [a] = s.project.datasets.images(id);
    if (a === undefined) throw new Error('no image');
    const snapshot = s.project.snapshots.take(id, [snapshotItem(a, 'test')]);
    s.project.studies.create({
      config: { ...smallStudy({ source: id, target: id }), name: 'first' },
      ...{ sourceSnapshotId: snapshot, targetSnapshotId: snapshot },
    });
    s.write('more/masks/a.png', greyPng(2, 2, [0, 255, 0, 0]));
    expect((await preview(s, id)).issues).toContainEqual(
      expect.objectContaining({ path: 'a.png', message: matching(/study "first"/) }),
    );
    await add(s, id);
    expect(s.project.snapshots.items(snapshot)[0]?.labelMapId).toBe(a.labelMapId);
  });

  it('leaves nothing when it is cancelled', async () => {
    const s = scratch();
    const id = await cells(s);
    for (let i = 0; i < 60; i++) s.write(`more/${i}.png`, rgbPng(2, 2, 100 + i));
    const stop = new AbortController();
    const cancelled = add(s, id, {
      signal: stop.signal,
      onProgress: ({ done, message }) => {
        if (done > 55 && message.startsWith('Adding')) stop.abort();
      },
    });
    await expect(cancelled).rejects.toMatchObject({ code: 'cancelled' });
    expect(names(s.project, id)).toEqual(['a.png', 'b.png']);
    expect(s.project.datasets.isNameTaken('cells (addition)')).toBe(false);
  });

  it('leaves nothing when its process is killed, and the dataset is as it was', async () => {
    const s = scratch();
    const id = await cells(s);
    for (let i = 0; i < 60; i++) s.write(`more/${i}.png`, rgbPng(2, 2, 100 + i));
    const { path } = s.project;
    s.project.close();
    const script = s.write(
      'add.mjs',
      `import { createEngine } from ${JSON.stringify(ENGINE)};
       const [project, folder, datasetId] = process.argv.slice(2);
       const engine = createEngine({ engine: 'wasm' });
       await engine.call('project.open', { path: project });
       await engine.call('additions.add', { project, datasetId: Number(datasetId), path: folder },
         { onProgress: ({ done, message }) => { if (done > 55 && message.startsWith('Adding')) process.kill(process.pid, 'SIGKILL'); } });`,
    );
    const killed = fork(script, [path, s.path('more'), String(id)], { execArgv: [] });
    const signal = await new Promise((resolve) => killed.once('exit', (_, how) => resolve(how)));
    expect(signal).toBe('SIGKILL');
    const again = openProject(path);
    expect(again.interrupted).toEqual(['cells (addition)']);
    expect(names(again, id)).toEqual(['a.png', 'b.png']);
    again.close();
    rmSync(s.path('more'), { recursive: true });
  });
});
