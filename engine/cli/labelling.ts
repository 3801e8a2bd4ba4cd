/** graft next | progress: what to label next, and whether it is enough yet. */
import type { Command } from 'commander';
import { counted, duration, fixed, minuteUtc } from '../../shared/number-format.ts';
import type { Dataset } from '../../shared/entities.ts';
import { AppError } from '../../shared/errors.ts';
import { sameName } from '../../shared/names.ts';
import type { FeatureSource } from '../../shared/calls/labelling.ts';
import { atLeastOne } from './arguments.ts';
import { imagesNamed, imagesOf } from './image-names.ts';
import { type Caller, withProgress, withProject } from './host.ts';
import { findDataset } from './lookup.ts';
import { print, table } from './output.ts';

interface NextFlags {
  dataset: string;
  count: number;
  features?: string;
  notNow?: string[];
  never?: string[];
  again?: string[];
  json: boolean;
}

/** What is said to suggestions. Errors: not-found, where an image is not of the dataset. */
async function answer(
  caller: Caller,
  said: Pick<NextFlags, 'notNow' | 'never' | 'again'> & {
    readonly project: string;
    readonly dataset: Dataset;
  },
): Promise<void> {
  const { project, dataset, notNow = [], never = [], again = [] } = said;
  if (notNow.length + never.length + again.length === 0) return;
  const images = await imagesOf(caller, { project, dataset });
  const idsOf = (names: readonly string[]) =>
    names.length === 0 ? [] : imagesNamed(images, names, `"${dataset.name}"`).map(({ id }) => id);
  const ids = { later: idsOf(notNow), never: idsOf(never), again: idsOf(again) };
  for (const imageId of ids.later) await caller.call('labelling.skip', { project, imageId });
  if (ids.never.length > 0) {
    await caller.call('labelling.never', { project, imageIds: ids.never });
  }
  if (ids.again.length > 0) {
    await caller.call('labelling.never', { project, imageIds: ids.again, never: false });
  }
}

/** An encoder by name or number, else a model by name. Errors: not-found, with the names there are. */
async function sourceNamed(caller: Caller, project: string, name: string): Promise<FeatureSource> {
  const encoders = await caller.call('encoders.list', { project });
  const encoder =
    encoders.find((one) => sameName(one.name) === sameName(name)) ??
    encoders.find((one) => String(one.id) === name);
  if (encoder !== undefined) return { kind: 'encoder', encoderId: encoder.id };
  const models = await caller.call('models.list', { project });
  const model = models.find((one) => sameName(one.name) === sameName(name));
  if (model !== undefined) return { kind: 'run', runId: model.runId };
  const names = [...encoders, ...models].map((one) => one.name);
  throw new AppError(
    'not-found',
    `There is no encoder and no model "${name}" to compare images by (there is: ${['picture', ...names].join(', ')}).`,
  );
}

export function addLabellingCommands(program: Command): void {
  program
    .command('next')
    .description(
      'which images to label next: those unlike what is labelled, and those that a network is unsure of',
    )
    .argument('<project>', 'project file')
    .requiredOption('--dataset <name>', 'dataset')
    .option('--count <n>', 'images', atLeastOne, 12)
    .option(
      '--features <what>',
      'compare by this encoder or model, or "picture" for colours and coarse pixels (default: what fits best)',
    )
    .option('--not-now <images...>', 'put these off: they come again when ten more are labelled')
    .option('--never <images...>', 'never suggest these; * and ? stand for anything (quote them)')
    .option('--again <images...>', 'suggest these again')
    .option('--json', 'print one JSON document', false)
    .addHelpText(
      'after',
      `
Examples:
  graft next cells.graft --dataset cells
  graft next cells.graft --dataset cells --count 4 --json
  graft next cells.graft --dataset cells --never 'blurred_*.png'`,
    )
    .action(async (path: string, options: NextFlags) => {
      await withProject(path, async (caller, project) => {
        const dataset = await findDataset(caller, project, options.dataset);
        await answer(caller, { ...options, project, dataset });
        const name = options.features;
        const features: FeatureSource | null =
          name === undefined
            ? null
            : name === 'picture'
              ? { kind: 'picture' }
              : await sourceNamed(caller, project, name);
        const { count } = options;
        const queue = await withProgress((o) =>
          caller.call('labelling.next', { project, datasetId: dataset.id, count, features }, o),
        );
        const rows = queue.images.map(({ name: image, why }, i) => [`${i + 1}.`, image, why]);
        print(options, queue, [
          ...(rows.length === 0 ? [] : [table([['', 'image', 'why'], ...rows])]),
          `${counted(queue.candidates, 'image')} to choose from, ${queue.labelled} labelled${queue.images.length === 0 ? '' : `; compared by ${queue.comparedBy}`}`,
          ...queue.notes.map((note) => `  note: ${note}`),
          ...queue.unreadable.map((one) => `  skip: ${one.name}: ${one.message}`),
        ]);
      });
    });

  program
    .command('progress')
    .description('whether there are enough labels yet: held-out Dice against labels and minutes')
    .argument('<project>', 'project file')
    .requiredOption('--dataset <name>', 'dataset')
    .option('--json', 'print one JSON document', false)
    .addHelpText(
      'after',
      `
Example:
  graft progress cells.graft --dataset cells`,
    )
    .action(async (path: string, options: { dataset: string; json: boolean }) => {
      await withProject(path, async (caller, project) => {
        const { id: datasetId } = await findDataset(caller, project, options.dataset);
        const progress = await caller.call('labelling.progress', { project, datasetId });
        const rows = progress.points.map((point) => [
          point.name,
          minuteUtc(point.at),
          String(point.labelled),
          point.minutes === null ? '–' : fixed(point.minutes, 0),
          fixed(point.dice, 3),
          point.interval === null ? '–' : point.interval.map((end) => fixed(end, 3)).join(' … '),
        ]);
        const head = ['training', 'begun', 'labelled', 'minutes', 'Dice', '95 %'];
        const { seconds, medianSeconds, isMeasured } = progress.time;
        const median =
          medianSeconds === null ? '' : `, ${duration(medianSeconds)} an image (median)`;
        print(options, progress, [
          ...(rows.length === 0 ? [] : [table([head, ...rows])]),
          progress.verdict,
          ...progress.notes.map((note) => `  note: ${note}`),
          `${progress.labelled} labelled, ${progress.unlabelled} not; time in Annotate: ${
            seconds === 0
              ? isMeasured
                ? 'none yet'
                : 'not measured'
              : `${duration(seconds)}${median}`
          }`,
        ]);
      });
    });
}
