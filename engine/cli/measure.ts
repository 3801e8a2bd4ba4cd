/** graft measure: what there is in a dataset, object by object and image by image, as tables. */
import { resolve } from 'node:path';
import { type Command, Option } from 'commander';
import type { MeasureReport } from '../../shared/api.ts';
import type { Dataset } from '../../shared/entities.ts';
import { AppError } from '../../shared/errors.ts';
import { counted, fixed } from '../../shared/number-format.ts';
import { LENGTH_UNITS, type LengthUnit } from '../../shared/pixel-size.ts';
import { integer, positive } from './arguments.ts';
import { type Caller, withProgress, withProject } from './host.ts';
import { findDataset, findModel } from './lookup.ts';
import { print } from './output.ts';

interface MeasureFlags {
  dataset: string;
  out: string;
  predictions?: number;
  model?: string;
  pixelSize?: number;
  unit?: LengthUnit;
  json: boolean;
}

/** Notes beyond these are counted, not listed, unless --json asks for all. */
const LISTED_NOTES = 20;

/** Errors: invalid-input, where one of two that belong together is missing. */
function typedSize({ pixelSize, unit }: MeasureFlags) {
  if (pixelSize === undefined && unit === undefined) return null;
  if (pixelSize !== undefined && unit !== undefined) return { size: pixelSize, unit };
  throw new AppError(
    'invalid-input',
    'A pixel size is a number and a unit: give both, e.g. --pixel-size 0.65 --unit um.',
  );
}

/** The run whose predictions are asked for; null: labels are. Errors: invalid-input, not-found. */
async function runOf(
  caller: Caller,
  project: string,
  { predictions, model }: MeasureFlags,
): Promise<number | null> {
  if (predictions !== undefined && model !== undefined) {
    throw new AppError('invalid-input', 'Give --predictions or --model, not both.');
  }
  if (model !== undefined) return (await findModel(caller, project, model)).runId;
  return predictions ?? null;
}

function linesOf(report: MeasureReport, { classes }: Dataset): string[] {
  const { images, objects, unmeasured, notes, dir } = report;
  const known = images.filter(({ pixelSize }) => pixelSize !== null).length;
  const byClass = (images[0]?.classes ?? []).map(({ classIndex }) => {
    const own = images.flatMap((one) => one.classes.filter((c) => c.classIndex === classIndex));
    const sum = (of: 'objects' | 'areaPx') => own.reduce((all, one) => all + one[of], 0);
    const name = classes.find(({ index }) => index === classIndex)?.name ?? '';
    const perImage = fixed(sum('objects') / Math.max(1, images.length), 1);
    return `  ${name}: ${counted(sum('objects'), 'object')}, ${perImage} an image, ${sum('areaPx')} px`;
  });
  const more = notes.length - LISTED_NOTES;
  return [
    `wrote ${counted(objects, 'object')} of ${counted(images.length, 'image')} to ${dir}: objects.csv and images.csv`,
    ...byClass,
    known === 0
      ? '  in pixels: no pixel size is known (give one: --pixel-size 0.65 --unit um)'
      : `  pixel size known of ${known} of ${counted(images.length, 'image')}`,
    ...(unmeasured === 0
      ? []
      : [`  without labels or a stored prediction: ${counted(unmeasured, 'image')}`]),
    ...notes.slice(0, LISTED_NOTES).map((note) => `  ${note}`),
    ...(more > 0 ? [`  … and ${more} more (--json lists all)`] : []),
  ];
}

export function addMeasureCommand(program: Command): void {
  program
    .command('measure')
    .description('measure every object of a dataset: area, shape and intensities, as CSV')
    .argument('<project>', 'project file')
    .requiredOption('--dataset <name>', 'dataset')
    .requiredOption('--out <dir>', 'empty or new folder for objects.csv and images.csv')
    .option('--predictions <run>', 'what this run predicted, instead of the labels', integer)
    .option('--model <name>', 'what this model predicted, instead of the labels')
    .option('--pixel-size <size>', 'side of a pixel; kept with the images', positive)
    .addOption(new Option('--unit <unit>', 'of the pixel size').choices(LENGTH_UNITS))
    .option('--json', 'print one JSON document', false)
    .addHelpText(
      'after',
      `
Objects are those that were told apart, else connected regions of one class. Columns are named as in scikit-image's
regionprops_table; with a pixel size, typed or read from OME-XML, ImageJ or the TIFF resolution, lengths and areas stand
there in its unit as well. Of predictions, those that are stored are measured: nothing is predicted for it.

Examples:
  graft measure cells.graft --dataset cells --out measured
  graft measure cells.graft --dataset cells --out measured --pixel-size 0.65 --unit um
  graft measure cells.graft --dataset cells --out predicted --model nuclei`,
    )
    .action(async (path: string, options: MeasureFlags) => {
      const pixelSize = typedSize(options);
      await withProject(path, async (caller, project) => {
        const dataset = await findDataset(caller, project, options.dataset);
        const datasetId = dataset.id;
        const runId = await runOf(caller, project, options);
        if (pixelSize !== null) {
          await caller.call('measures.setPixelSize', { project, datasetId, pixelSize });
        }
        const report = await withProgress((o) =>
          caller.call(
            'measures.write',
            { project, datasetId, runId, dir: resolve(options.out) },
            o,
          ),
        );
        print(options, report, linesOf(report, dataset));
      });
    });
}
