/** graft new | generate; import and export are import.ts' and export.ts' */
import type { Command } from 'commander';
import { generators } from '../data/generators/registry.ts';
import { integer } from './arguments.ts';
import { addExportCommand } from './export.ts';
import { withEngine, withProgress, withProject } from './host.ts';
import { addImport } from './import.ts';
import { print } from './output.ts';
import { counted } from '../../shared/number-format.ts';

export function addDataCommands(program: Command): void {
  program
    .command('new')
    .description('create an empty project')
    .argument('<project>', 'project file, by custom ending in .graft')
    .option('--json', 'print one JSON document', false)
    .addHelpText(
      'after',
      `
Example:
  graft new cells.graft`,
    )
    .action(async (path: string, options: { json: boolean }) => {
      await withEngine({}, async (engine) => {
        const info = await engine.call('project.create', { path });
        print(options, info, `created ${info.path}`);
      });
    });

  addImport(program);

  addExportCommand(program);

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
          print(
            options,
            dataset,
            `made ${counted(dataset.imageCount, 'image')} as "${dataset.name}"`,
          );
        });
      },
    );
}
