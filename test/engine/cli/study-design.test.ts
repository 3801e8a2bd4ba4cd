import { join } from 'node:path';
import { Command } from 'commander';
import { expect, it, onTestFinished } from 'vitest';
import {
  addDesignOptions,
  type DesignOptions,
  designedStudy,
} from '../../../engine/cli/study-design.ts';
import { createEngine } from '../../../engine/engine.ts';
import { addDataset, temporaryFolder } from '../../fixtures/projects.ts';

it('a study of the command line sees every channel of its images where nothing else is asked', async () => {
  const engine = createEngine();
  onTestFinished(() => engine.close());
  const { path } = await engine.call('project.create', {
    path: join(temporaryFolder(), 'p.graft'),
  });
  const { db } = engine.projects.open(path);
  for (const channels of [1, 2, 3, 4, 5]) {
    addDataset(db, `of ${channels}`, { count: 3, channels: () => channels });
  }
  const channelsOf = async (source: string, target: string, ...more: string[]) => {
    const options = addDesignOptions(new Command())
      .parse(
        [
          ...['--name', 's', '--labels', '1', '--pretrain', 'autoencoder:E', ...more],
          ...['--source', source, '--target', target],
        ],
        { from: 'user' },
      )
      .opts<DesignOptions>();
    return (await designedStudy(engine, path, options)).network.inputChannels;
  };
  for (const channels of [1, 2, 3, 4, 5]) {
    expect(await channelsOf(`of ${channels}`, `of ${channels}`)).toBe(channels);
  }
  expect(await channelsOf('of 1', 'of 3')).toBe(3);
  expect(await channelsOf('of 3', 'of 3', '--channels', '1')).toBe(1);
});

it('a study of the command line takes a split by its name, and without pretraining the target alone', async () => {
  const engine = createEngine();
  onTestFinished(() => engine.close());
  const { path } = await engine.call('project.create', {
    path: join(temporaryFolder(), 'p.graft'),
  });
  const { db } = engine.projects.open(path);
  const id = addDataset(db, 'cells', { count: 8 });
  for (const name of ['first', 'second']) {
    await engine.call('splits.create', { project: path, datasetId: id, name });
  }
  const designed = (...more: string[]) =>
    designedStudy(
      engine,
      path,
      addDesignOptions(new Command())
        .parse(['--name', 's', '--labels', '1', '--target', 'cells', ...more], { from: 'user' })
        .opts<DesignOptions>(),
    );
  const alone = await designed('--split', 'second');
  expect(alone).toMatchObject({
    ...{ pretrainings: [], sourceDatasetId: id, targetDatasetId: id, pretrainingLabels: 'own' },
    splitId: db.splits.list(id).find(({ name }) => name === 'second')?.id,
  });
  expect(alone.firstSeed).toBe(0);
  expect((await designed('--first-seed', '5')).firstSeed).toBe(5);
  await expect(designed('--split', 'third')).rejects.toThrow(/no split "third" .*first, second/);
  await expect(designed('--source', 'cells')).rejects.toThrow(/A source is there to pretrain on/);
  await expect(designed('--pretrain', 'autoencoder:E')).rejects.toThrow(/with --source/);
  const own = ['--source', 'cells', '--pretrain', 'segmentation:E'];
  expect(
    await designed(...own, '--pretraining-labels', 'all', '--pretrain-on-validation'),
  ).toMatchObject({ pretrainingLabels: 'all', pretrainOnValidation: true, splitId: null });
  expect((await designed('--without-helper', 'click', 'scribbles')).withoutHelpers).toEqual([
    'click',
    'scribbles',
  ]);
});
