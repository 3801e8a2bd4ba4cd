import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { Command } from 'commander';
import { expect, it, onTestFinished, vi } from 'vitest';
import { z } from 'zod';
import { addDataCommands } from '../../../../engine/cli/data.ts';
import { addImagesCommands } from '../../../../engine/cli/images.ts';
import { createEngine } from '../../../../engine/engine.ts';
import { encodeLabelMap } from '../../../../shared/label-map.ts';
import { addDataset, smallStudy, temporaryFolder } from '../../../fixtures/projects.ts';

const Coco = z.object({
  images: z.array(z.object({ id: z.number() })),
  annotations: z.array(z.object({ image_id: z.number() })),
});
const coco = (dir: string, name: string) =>
  Coco.parse(JSON.parse(readFileSync(join(dir, name), 'utf8')));

it('a selection of images, parts and labels is exported, with the stored predictions of a run', async () => {
  const folder = temporaryFolder();
  const engine = createEngine();
  onTestFinished(() => engine.close());
  const { path: project } = await engine.call('project.create', { path: join(folder, 'p.graft') });
  const { db } = engine.project(project);
  const datasetId = addDataset(db, 'cells', { count: 12, labelled: 11 });
  const ids = db.datasets.images(datasetId).map(({ id }) => id);
  const [first = 0, second = 0, third = 0] = ids;
  const split = await engine.call('splits.create', { project, datasetId, name: 'default' });
  const config = smallStudy({ source: datasetId, target: datasetId });
  await engine.call('studies.create', { project, config });
  const [run] = await engine.call('runs.list', { project });
  const runId = run?.id ?? 0;
  const bytes = encodeLabelMap({ width: 2, height: 1, data: new Uint8Array([1, 1]) });
  db.labelMaps.add({ imageId: second, author: 'model', bytes, runId });
  await engine.call('images.exclude', { project, imageIds: [third], reason: 'blurred' });
  const write = (dir: string, choice: object) =>
    engine.call('datasets.export', {
      ...{ project, datasetId, format: 'folder', dir: join(folder, dir) },
      ...choice,
    });

  expect(await write('picked', { imageIds: [first, second], predictions: runId })).toMatchObject({
    images: 2,
    unpredicted: 1,
    leftOut: { excluded: 0, otherParts: 0, unlabelled: 0 },
  });
  expect(readdirSync(join(folder, 'picked', 'images'))).toEqual(['0.png', '1.png']);
  expect(readdirSync(join(folder, 'picked', 'predictions'))).toEqual(['1.png']);

  const labelled = await write('labelled', { labelledOnly: true });
  // The last was never labelled, the second only by a network, the third takes no part.
  expect(labelled).toMatchObject({ images: 9, leftOut: { excluded: 1, unlabelled: 2 } });
  const own = db.splits.items(split.id).filter(({ part }) => part === 'test');
  const parts = { splitId: split.id, parts: ['test'] };
  const tested = await write('tested', { parts, excluded: true });
  expect(tested).toMatchObject({ images: own.length, leftOut: { otherParts: 12 - own.length } });
  await expect(write('none', { imageIds: [second], labelledOnly: true })).rejects.toThrow(
    /Nothing is left to export: 1 image without labels/,
  );
  await engine.call('images.exclude', { project, imageIds: ids, reason: 'blurred' });
  await expect(write('none', {})).rejects.toThrow(/12 excluded images\. Choose also excluded/);
  await engine.call('images.include', { project, imageIds: [first, second] });
  await expect(write('none', { predictions: 999 })).rejects.toMatchObject({ code: 'not-found' });

  await write('coco', { format: 'coco', imageIds: [first, second], predictions: runId });
  const truth = coco(join(folder, 'coco'), 'instances.json');
  const predicted = coco(join(folder, 'coco'), 'predictions.json');
  expect(truth.images).toHaveLength(2);
  expect(predicted.images).toHaveLength(2);
  expect(predicted.annotations.map((one) => one.image_id)).toEqual([second]);
});

it('graft images and graft export do to named images what they say, and refuse names of none', async () => {
  const folder = temporaryFolder();
  const path = join(folder, 'p.graft');
  const engine = createEngine();
  await engine.call('project.create', { path });
  const { db } = engine.project(path);
  addDataset(db, 'cells', { count: 12, classes: 2 });
  const background = { index: 0, name: 'background', color: '#000000' };
  db.datasets.create({ name: 'others', origin: {}, classes: [background] });
  await engine.close();
  const written: string[] = [];
  const out = vi.spyOn(process.stdout, 'write').mockImplementation((text) => {
    written.push(String(text));
    return true;
  });
  onTestFinished(() => out.mockRestore());
  const graft = async (...args: string[]) => {
    const program = new Command().exitOverride();
    addDataCommands(program);
    addImagesCommands(program);
    await program.parseAsync([...args, '--dataset', 'cells'], { from: 'user' });
    return written.splice(0).join('');
  };
  const images = (name: string, ...args: string[]) => graft('images', name, path, ...args);
  await expect(images('exclude', '3.png', '--reason', ' ')).rejects.toThrow(/^Say why: --reason/);
  expect(await images('exclude', '1?.png', '3.png', '--reason', 'blurred')).toMatch(
    /^excluded 3 images of "cells" \(3 in all\)/,
  );
  await expect(images('delete', '3.png', '99.png')).rejects.toThrow(
    /No image of "cells" is called "99\.png" \(the first is 0\.png\)\. Nothing was changed/,
  );
  // What labels and what images are called are two things.
  expect(await images('copy', '1.png', '--to', 'others', '--preview')).toMatch(
    /\nnew classes of labels: .*--new-classes\)\nnew classes of images: class 1 \(/,
  );
  expect(await images('include', '3.png')).toMatch(/1 image of "cells" takes part/);
  expect(await images('delete', '3.png', '4.png')).toMatch(/put 2 images of "cells" into its bin/);
  expect(await images('rename', '5.png', '3.png')).toMatch(/5\.png is now called 3\.png/);
  expect(await images('restore', '3.png')).toMatch(/3\.png is called 3 \(2\)\.png now/);
  expect(await images('list', '--bin')).toMatch(/4\.png +2×1 +yes/);
  await expect(images('empty-bin')).rejects.toThrow(
    /1 image of "cells" .* is deleted for good.*say --yes/,
  );
  expect(await images('empty-bin', '--yes')).toMatch(/deleted 1 image of "cells" for good/);
  // There is nothing to ask about any more.
  expect(await images('empty-bin')).toBe('the bin of "cells" is empty\n');
  expect(await images('list', '--excluded')).toMatch(/10\.png +2×1 +yes +blurred/);
  const said = await graft('export', path, join(folder, 'out'), '--images', '?.png', '1*');
  expect(said).toMatch(/wrote 10 images in 21 files/);
  expect(await graft('export', path, join(folder, 'all'))).toMatch(
    /left out: 2 excluded images \(excluded ones too: --excluded\)/,
  );
});
