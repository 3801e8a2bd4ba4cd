/** graft classes: the classes of a dataset, and whether class 0 is its background. */
import { type Command, Option } from 'commander';
import type { Dataset } from '../../shared/entities.ts';
import { scoredClasses } from '../../shared/foreground.ts';
import { inWords } from '../../shared/sentences.ts';
import { type Caller, withProject } from './host.ts';
import { findDataset } from './lookup.ts';
import { print, table } from './output.ts';
import { pronounFor, verbFor } from '../../shared/number-format.ts';

interface ClassesOptions {
  dataset: string;
  background?: 'yes' | 'no';
  json: boolean;
}

function classLines(dataset: Dataset): string {
  const scored = new Set(scoredClasses(dataset));
  const rows = dataset.classes.map(({ index, name, color }) => [
    ...[String(index), name, color],
    scored.has(index) ? 'trained and scored' : 'background: trained, not scored',
  ]);
  return table([['class', 'name', 'colour', 'counts as'], ...rows]);
}

/** Studies on the dataset, which keep what class 0 was when they were planned. */
async function olderStudies(caller: Caller, project: string, dataset: Dataset): Promise<string[]> {
  const studies = await caller.call('studies.list', { project });
  const own = studies.filter(({ config }) => config.targetDatasetId === dataset.id);
  if (own.length === 0) return [];
  const names = inWords(own.map(({ name }) => `"${name}"`));
  return [
    `${names} ${verbFor(own.length, 'keep')} what class 0 was when ${pronounFor(own.length, 'they')} ${verbFor(own.length, 'were')} planned; plan anew to go by this.`,
  ];
}

export function addClassesCommand(program: Command): void {
  program
    .command('classes')
    .description('show the classes of a dataset, or say whether class 0 is its background')
    .argument('<project>', 'project file')
    .requiredOption('--dataset <name>', 'dataset')
    .addOption(
      new Option(
        '--background <choice>',
        'yes: class 0 is the background, trained but not scored; no: it is a class like any other. Studies that are planned keep what it was',
      ).choices(['yes', 'no']),
    )
    .option('--json', 'print one JSON document', false)
    .addHelpText(
      'after',
      `
Examples:
  graft classes streets.graft --dataset camvid
  graft classes streets.graft --dataset camvid --background no       (class 0 is the sky)`,
    )
    .action(async (path: string, options: ClassesOptions) => {
      await withProject(path, async (caller, project) => {
        const found = await findDataset(caller, project, options.dataset);
        const hasBackground = options.background === 'yes';
        if (options.background === undefined || hasBackground === found.hasBackground) {
          print(options, found, classLines(found));
          return;
        }
        const dataset = await caller.call('datasets.setBackground', {
          ...{ project, datasetId: found.id, hasBackground },
        });
        print(options, dataset, [
          classLines(dataset),
          ...(await olderStudies(caller, project, dataset)),
        ]);
      });
    });
}
