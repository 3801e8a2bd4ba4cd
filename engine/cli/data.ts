/** graft new | export | generate; import is import.ts' */
import { resolve } from 'node:path';
import { type Command, Option } from 'commander';
import { generators } from '../data/generators/registry.ts';
import { integer } from './arguments.ts';
import { EXIT } from './exit-codes.ts';
import { withEngine, withProgress, withProject } from './host.ts';
import { addImport } from './import.ts';
import { findDataset } from './lookup.ts';
import { print } from './output.ts';

export function addDataCommands(program: Command): void {
  program
    .command('new')
    .description('create an empty project')
    .argument('<project>', 'project file, by custom ending in .graft')
    .option('--json', 'print one JSON document', false)
    .action(async (path: string, options: { json: boolean }) => {
      await withEngine({}, async (engine) => {
        const info = await engine.call('project.create', { path });
        print(options, info, `created ${info.path}`);
      });
    });

  addImport(program);

  program
    .command('export')
    .description('write a dataset as images and index PNG masks, or as COCO')
    .argument('<project>', 'project file')
    .argument('<dir>', 'empty or new folder')
    .requiredOption('--dataset <name>', 'dataset')
    .addOption(new Option('--format <format>').choices(['folder', 'coco']).default('folder'))
    .option('--json', 'print one JSON document', false)
    .action(
      async (
        path: string,
        dir: string,
        options: { dataset: string; format: 'folder' | 'coco'; json: boolean },
      ) => {
        await withProject(path, async (caller, project) => {
          const dataset = await findDataset(caller, project, options.dataset);
          const report = await withProgress((o) =>
            caller.call(
              'datasets.export',
              { project, datasetId: dataset.id, format: options.format, dir: resolve(dir) },
              o,
            ),
          );
          const { files, damaged } = report;
          print(options, report, [
            `wrote ${files} files to ${report.dir}`,
            ...damaged.map((what) => `  left out, since it is damaged: ${what}`),
            ...(damaged.length === 0 ? [] : [`Next: graft repair ${project}`]),
          ]);
          if (damaged.length > 0) process.exitCode = EXIT.partial;
        });
      },
    );

  program
    .command('generate')
    .description('make a dataset of drawn textures and shapes, the same for the same seed')
    .argument('<project>', 'project file')
    .requiredOption('--dataset <name>', 'name of the new dataset')
    .requiredOption('--generator <name>', generators.map(({ name }) => name).join(', '))
    .option('--count <n>', 'images', integer, 100)
    .option('--size <px>', 'side of an image', integer, 64)
    .option('--seed <n>', 'seed', integer, 0)
    .option('--json', 'print one JSON document', false)
    .addHelpText(
      'after',
      `
Examples:
  graft generate demo.graft --dataset source --generator texshapes-source --count 800
  graft generate demo.graft --dataset target --generator texshapes-target --count 112 --seed 1`,
    )
    .action(
      async (
        path: string,
        options: {
          dataset: string;
          generator: string;
          count: number;
          size: number;
          seed: number;
          json: boolean;
        },
      ) => {
        await withProject(path, async (caller, project) => {
          const dataset = await withProgress((o) =>
            caller.call(
              'datasets.generate',
              {
                project,
                name: options.dataset,
                generator: options.generator,
                count: options.count,
                sizePx: options.size,
                seed: options.seed,
              },
              o,
            ),
          );
          print(options, dataset, `made ${dataset.imageCount} images as "${dataset.name}"`);
        });
      },
    );
}
