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
