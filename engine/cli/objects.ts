/** graft objects: which pixels belong together, as one object. */
import type { Command } from 'commander';
import type { ObjectSource } from '../../shared/api.ts';
import { counted, pronounFor } from '../../shared/number-format.ts';
import { DEFAULT_SPLIT } from '../../shared/objects/split-touching.ts';
import { atLeastOne, share } from './arguments.ts';
import { EXIT } from './exit-codes.ts';
import { withProgress, withProject } from './host.ts';
import { findDataset } from './lookup.ts';
import { print } from './output.ts';

interface ObjectsOptions {
  readonly dataset: string;
  readonly neck?: number;
  readonly smallest?: number;
  readonly preview: boolean;
  readonly json: boolean;
}

async function tellApart(
  path: string,
  how: ObjectSource,
  { dataset, neck, smallest, preview, ...options }: ObjectsOptions,
): Promise<void> {
  await withProject(path, async (caller, project) => {
    const datasetId = (await findDataset(caller, project, dataset)).id;
    const rule = {
      ...(neck === undefined ? {} : { neck }),
      ...(smallest === undefined ? {} : { smallestPx: smallest }),
    };
    const report = await withProgress((o) =>
      caller.call('objects.tellApart', { project, datasetId, how, preview, ...rule }, o),
    );
    const { images, changed, objectsBefore, objectsAfter, damaged } = report;
    const verb = preview ? 'would get' : 'got';
    print(options, report, [
      `${counted(objectsBefore, 'object')} in ${counted(images, 'labelled image')}, ${preview ? 'would be' : 'now'} ${objectsAfter}`,
      `${counted(changed, 'image')} ${verb} a new version of ${pronounFor(changed, 'their')} labels; classes stay as they are`,
      ...damaged.map((what) => `  damaged: ${what}`),
    ]);
    if (damaged.length > 0) process.exitCode = EXIT.partial;
  });
}

export function addObjectsCommands(program: Command): void {
  const objects = program
    .command('objects')
    .description('tell objects of labelled images apart: split what touches, connect what is one')
    .addHelpText(
      'after',
      `
Examples:
  graft objects split cells.graft --dataset cells --preview
  graft objects split cells.graft --dataset cells --neck 0.85
  graft objects connect cells.graft --dataset cells`,
    );
  const command = (name: string, description: string) =>
    objects
      .command(name)
      .description(description)
      .argument('<project>', 'project file')
      .requiredOption('--dataset <name>', 'dataset')
      .option('--preview', 'say what would become of it, and change nothing', false)
      .option('--json', 'print one JSON document', false);

  command('split', 'split objects that touch where the neck between them is narrow')
    .option(
      '--neck <share>',
      `widest neck, as a share of the slimmer part (0 to 1; default ${DEFAULT_SPLIT.neck}): the larger, the more is split`,
      share,
    )
    .option(
      '--smallest <px>',
      `pixels of the smallest disc that a part must have room for (default ${DEFAULT_SPLIT.smallestPx})`,
      atLeastOne,
    )
    .action((path: string, options: ObjectsOptions) => tellApart(path, 'split', options));
  command('connect', 'make each connected region of a class an object').action(
    (path: string, options: ObjectsOptions) => tellApart(path, 'components', options),
  );
  command('forget', 'tell objects apart no more; older versions of the labels keep theirs').action(
    (path: string, options: ObjectsOptions) => tellApart(path, 'none', options),
  );
}
