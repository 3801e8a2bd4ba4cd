/** graft scribble: pixel classifiers that learn from the scribbles of Annotate. */
import { resolve } from 'node:path';
import { type Command, Option } from 'commander';
import { MOST_LABELLED } from '../../shared/assist/scribbled.ts';
import { PAGES_AS, type PagesAs, type PredictReport } from '../../shared/api.ts';
import type { PixelClassifier } from '../../shared/entities.ts';
import { AppError } from '../../shared/errors.ts';
import { counted, minuteUtc } from '../../shared/number-format.ts';
import { sameName } from '../../shared/names.ts';
import { EXIT } from './exit-codes.ts';
import { type Caller, withProgress, withProject } from './host.ts';
import { findDataset } from './lookup.ts';
import { issueLines, print, table } from './output.ts';

/** Errors: not-found, with the names there are. */
async function findClassifier(
  caller: Caller,
  project: string,
  name: string,
): Promise<PixelClassifier> {
  const all = await caller.call('classifiers.list', { project });
  const found = all.find((one) => sameName(one.name) === sameName(name));
  if (found !== undefined) return found;
  throw new AppError(
    'not-found',
    `There is no classifier "${name}" (there is: ${all.map((one) => one.name).join(', ') || 'none'}). Keep one with: graft scribble keep`,
  );
}

const troubleLines = ({ failed, notes }: PredictReport) => [
  ...failed.map(({ input, message }) => `  failed: ${input}: ${message}`),
  ...notes.map((note) => `  note: ${note}`),
];

interface KeepOptions {
  readonly dataset: string;
  readonly name: string;
  readonly labels: boolean;
  readonly json: boolean;
}

interface ApplyOptions {
  readonly dataset?: string;
  readonly out?: string;
  readonly pages?: PagesAs;
  readonly replace: boolean;
  readonly json: boolean;
}

async function apply(
  path: string,
  { name, images }: { readonly name: string; readonly images: readonly string[] },
  options: ApplyOptions,
): Promise<void> {
  const { dataset, out, pages, replace } = options;
  const isOfFiles = images.length > 0 || out !== undefined || pages !== undefined || replace;
  const isWhole = dataset === undefined ? images.length > 0 && out !== undefined : !isOfFiles;
  if (!isWhole) {
    throw new AppError(
      'invalid-input',
      'Say what is to be classified: --dataset NAME alone, whose images get proposals in the project, or images and --out DIR for their masks.',
    );
  }
  await withProject(path, async (caller, project) => {
    const classifierId = (await findClassifier(caller, project, name)).id;
    if (dataset !== undefined) {
      const datasetId = (await findDataset(caller, project, dataset)).id;
      const report = await withProgress((o) =>
        caller.call('classifiers.dataset', { project, classifierId, datasetId }, o),
      );
      print(options, report, [
        `${counted(report.predicted, 'image')} classified: proposals until somebody has accepted or corrected them`,
        ...troubleLines(report),
      ]);
      if (report.failed.length > 0) process.exitCode = EXIT.partial;
      return;
    }
    const report = await withProgress((o) =>
      caller.call(
        'classifiers.files',
        {
          ...{ project, classifierId, replace },
          paths: images.map((image) => resolve(image)),
          dir: resolve(out ?? '.'),
          ...(pages === undefined ? {} : { pages }),
        },
        o,
      ),
    );
    print(options, report, [
      `${counted(report.predicted, 'mask')} of ${counted(report.files, 'file')} in ${report.dir}`,
      ...issueLines(report.issues),
      ...troubleLines(report),
    ]);
    if (report.failed.length > 0) process.exitCode = EXIT.partial;
  });
}

export function addScribbleCommands(program: Command): void {
  const scribble = program
    .command('scribble')
    .description('classify pixels by what was scribbled in Annotate: keep, list, apply, delete')
    .addHelpText(
      'after',
      `
Examples:
  graft scribble keep cells.graft --dataset cells --name nuclei
  graft scribble apply cells.graft nuclei --dataset cells
  graft scribble apply cells.graft nuclei more-images/ --out masks`,
    );

  scribble
    .command('keep')
    .description('learn from all scribbles of a dataset, and keep it under a name')
    .argument('<project>', 'project file')
    .requiredOption('--dataset <name>', 'dataset')
    .requiredOption('--name <name>', 'name of the classifier')
    .option(
      '--labels',
      `learn from labels as well, of the ${MOST_LABELLED} images that were labelled last`,
      false,
    )
    .option('--json', 'print one JSON document', false)
    .action(async (path: string, options: KeepOptions) =>
      withProject(path, async (caller, project) => {
        const datasetId = (await findDataset(caller, project, options.dataset)).id;
        const { name, labels } = options;
        const kept = await withProgress((o) =>
          caller.call('classifiers.keep', { project, datasetId, name, labels }, o),
        );
        print(options, kept, [
          `kept ${kept.name}: ${kept.classes.length} classes from ${counted(kept.pixels, 'pixel')} of ${counted(kept.images, 'image')}`,
          ...kept.notes.map((note) => `  left out: ${note}`),
        ]);
        if (kept.notes.length > 0) process.exitCode = EXIT.partial;
      }),
    );

  scribble
    .command('list')
    .description('classifiers that were kept')
    .argument('<project>', 'project file')
    .option('--json', 'print one JSON document', false)
    .action(async (path: string, options: { json: boolean }) =>
      withProject(path, async (caller, project) => {
        const datasets = await caller.call('datasets.list', { project });
        const classifiers = await caller.call('classifiers.list', { project });
        print(
          options,
          { classifiers },
          classifiers.length === 0
            ? 'There is no classifier yet. Scribble in Annotate, then: graft scribble keep P.graft --dataset NAME --name NAME'
            : table([
                ['name', 'dataset', 'classes', 'channels', 'images', 'pixels', 'kept'],
                ...classifiers.map((one) => [
                  one.name,
                  datasets.find(({ id }) => id === one.datasetId)?.name ?? '',
                  one.classes.join(' '),
                  ...[one.channels, one.images, one.pixels].map(String),
                  minuteUtc(one.createdAt),
                ]),
              ]),
        );
      }),
    );

  scribble
    .command('apply')
    .description('classify a dataset’s images without labels, or write masks of image files')
    .argument('<project>', 'project file')
    .argument('<classifier>', 'name of the classifier')
    .argument('[images...]', 'image files, or folders with all that lies beneath them')
    .option('--dataset <name>', 'a dataset: its images that nobody labelled get proposals')
    .option('--out <dir>', 'folder for the masks of image files')
    .addOption(
      new Option(
        '--pages <as>',
        'pages of a file: what it says itself, images, or channels of one',
      ).choices(PAGES_AS),
    )
    .option('--replace', 'replace masks of the same names that are in the folder', false)
    .option('--json', 'print one JSON document', false)
    .action((path: string, name: string, images: string[], options: ApplyOptions) =>
      apply(path, { name, images }, options),
    );

  scribble
    .command('delete')
    .description('delete a classifier; label maps that it made, and scribbles, stay')
    .argument('<project>', 'project file')
    .argument('<classifier>', 'name of the classifier')
    .option('--json', 'print one JSON document', false)
    .action(async (path: string, name: string, options: { json: boolean }) =>
      withProject(path, async (caller, project) => {
        const classifier = await findClassifier(caller, project, name);
        await caller.call('classifiers.remove', { project, classifierId: classifier.id });
        print(options, { deleted: classifier.name }, `deleted ${classifier.name}`);
      }),
    );
}
