/** graft images …: what is done with images that are there. */
import { type Command, Option } from 'commander';
import {
  type BinEntry,
  CLASH_CHOICES,
  type ClashChoice,
  type HeldImage,
  RESTORE_CHOICES,
  type RestoreChoice,
} from '../../shared/api.ts';
import type { Dataset, ImageRecord } from '../../shared/entities.ts';
import { AppError } from '../../shared/errors.ts';
import { counted, megabytes, verbFor } from '../../shared/number-format.ts';
import { inWords } from '../../shared/sentences.ts';
import { pageName } from '../data/page-names.ts';
import { confirm, withYes, type YesFlag } from './confirm.ts';
import { imagesNamed, imagesOf } from './image-names.ts';
import { type Flags, inDataset, namedIds, type Place, withFlags } from './image-place.ts';
import { findDataset } from './lookup.ts';
import { print, table } from './output.ts';
import { transfer, type TransferFlags } from './transfer-images.ts';

/** Held images beyond these are counted, not listed, unless --json asks for all. */
const LISTED = 20;

const heldLines = (held: readonly HeldImage[]): string[] => [
  ...held.slice(0, LISTED).map(({ name, by }) => `  stays in the bin: ${name}, of ${inWords(by)}`),
  ...(held.length > LISTED
    ? [`  … and ${held.length - LISTED} more stay there (--json lists all)`]
    : []),
];

const emptyWords = ({ name }: Dataset, entries: readonly BinEntry[]): string => {
  const bytes = entries.reduce((sum, entry) => sum + entry.bytes, 0);
  return `${counted(entries.length, 'image')} of "${name}" (${megabytes(bytes)}) ${verbFor(entries.length, 'are')} deleted for good, with labels.`;
};

async function binned({ caller, project, dataset }: Place): Promise<ImageRecord[]> {
  const entries = await caller.call('bin.list', { project, datasetId: dataset.id });
  return entries.map(({ image }) => image);
}

function listLines(images: readonly ImageRecord[], { isBin }: { readonly isBin: boolean }): string {
  return table([
    ['image', 'size', 'labelled', isBin ? 'deleted' : 'excluded'],
    ...images.map((image) => [
      pageName(image),
      `${image.widthPx}×${image.heightPx}`,
      image.labelMapId === null ? 'no' : 'yes',
      (isBin ? image.deletedAt : image.excluded) ?? '',
    ]),
  ]);
}

export function addImagesCommands(program: Command): void {
  const images = program
    .command('images')
    .description(
      'images of a dataset: list, exclude, rename, move, copy, delete into a bin, restore',
    )
    .addHelpText(
      'after',
      `
In names * and ? stand for anything (quote them); a page of a file is called "stack.tif#2".

Examples:
  graft images exclude cells.graft 'blurred_*.png' --dataset cells --reason "out of focus"
  graft images delete cells.graft a.png b.png --dataset cells
  graft images restore cells.graft a.png --dataset cells
  graft images move cells.graft 'mouse-7_*' --dataset cells --to mice --preview
  graft images empty-bin cells.graft --dataset cells`,
    );
  const named = (name: string, description: string) =>
    withFlags(
      images
        .command(name)
        .description(description)
        .argument('<project>', 'project file')
        .argument('<images...>', 'their names'),
    );

  withFlags(
    images
      .command('list')
      .description('the images of a dataset, or those in its bin')
      .argument('<project>', 'project file')
      .option('--excluded', 'only those that are excluded', false)
      .option('--bin', 'those in the bin', false),
  ).action((path: string, options: Flags & { bin: boolean; excluded: boolean }) =>
    inDataset(path, options, async (place) => {
      const all = options.bin ? await binned(place) : await imagesOf(place.caller, place);
      const shown = all.filter((image) => !options.excluded || image.excluded !== null);
      print(options, { images: shown }, listLines(shown, { isBin: options.bin }));
    }),
  );

  named('exclude', 'keep images out of every training and score that is made from now on')
    .requiredOption('--reason <text>', 'why, for whoever wonders later')
    .action((path: string, names: string[], options: Flags & { reason: string }) =>
      inDataset(path, options, async (place) => {
        if (options.reason.trim() === '') {
          throw new AppError('invalid-input', 'Say why: --reason TEXT, for whoever wonders later.');
        }
        const { caller, project, dataset } = place;
        const imageIds = await namedIds(place, names);
        await caller.call('images.exclude', { project, imageIds, reason: options.reason });
        const { excludedCount } = await findDataset(caller, project, dataset.name);
        print(
          options,
          { imageIds, excluded: excludedCount },
          `excluded ${counted(imageIds.length, 'image')} of "${dataset.name}" (${excludedCount} in all); what was planned or trained with them stays as it is`,
        );
      }),
    );

  named('include', 'let excluded images take part again').action(
    (path: string, names: string[], options: Flags) =>
      inDataset(path, options, async (place) => {
        const { caller, project, dataset } = place;
        const imageIds = await namedIds(place, names);
        await caller.call('images.include', { project, imageIds });
        print(
          options,
          { imageIds },
          `${counted(imageIds.length, 'image')} of "${dataset.name}" ${verbFor(imageIds.length, 'take')} part`,
        );
      }),
  );

  withFlags(
    images
      .command('rename')
      .description('call an image otherwise; its original stays as it is')
      .argument('<project>', 'project file')
      .argument('<image>', 'its name')
      .argument('<name>', 'its new name, with the same ending'),
  ).action((path: string, old: string, name: string, options: Flags) =>
    inDataset(path, options, async (place) => {
      const { caller, project } = place;
      const all = await imagesOf(caller, place);
      const exact = all.find((image) => pageName(image) === old);
      const [image] =
        exact === undefined ? imagesNamed(all, [old], `"${place.dataset.name}"`) : [exact];
      if (image === undefined) return;
      const renamed = await caller.call('images.rename', { project, imageId: image.id, name });
      const pages = all.filter((one) => one.name === image.name && one.hash === image.hash).length;
      print(
        options,
        renamed,
        pages > 1
          ? `${image.name} is now called ${renamed.name}, with its ${pages} pages`
          : `${pageName(image)} is now called ${pageName(renamed)}`,
      );
    }),
  );

  for (const how of ['move', 'copy'] as const) {
    named(how, `${how} images, with their labels, to another dataset of the project`)
      .requiredOption('--to <name>', 'the other dataset')
      .addOption(
        new Option('--clash <what>', 'where their names are those of other images there')
          .choices(CLASH_CHOICES)
          .default('refuse' satisfies ClashChoice),
      )
      .option('--new-classes', 'add classes that the other dataset has not', false)
      .option('--preview', 'only say what would come of it', false)
      .action((path: string, names: string[], options: TransferFlags) =>
        transfer(path, names, { ...options, how }),
      );
  }

  named('delete', 'put images into the bin of their dataset').action(
    (path: string, names: string[], options: Flags) =>
      inDataset(path, options, async (place) => {
        const { caller, project, dataset } = place;
        const imageIds = await namedIds(place, names);
        const { held } = await caller.call('images.delete', { project, imageIds });
        print(options, { imageIds, held }, [
          `put ${counted(imageIds.length, 'image')} of "${dataset.name}" into its bin (back: graft images restore; for good: graft images empty-bin)`,
          ...heldLines(held),
        ]);
      }),
  );

  named('restore', 'take images out of the bin')
    .addOption(
      new Option('--same <what>', 'of images that were added again meanwhile: what becomes of them')
        .choices(RESTORE_CHOICES)
        .default('refuse' satisfies RestoreChoice),
    )
    .action((path: string, names: string[], options: Flags & { same: RestoreChoice }) =>
      inDataset(path, options, async (place) => {
        const { caller, project, dataset } = place;
        const where = `the bin of "${dataset.name}"`;
        const imageIds = imagesNamed(await binned(place), names, where).map(({ id }) => id);
        const { same } = options;
        const report = await caller.call('images.restore', { project, imageIds, same });
        const { left, replaced, renamed } = report;
        const back = report.imageIds.length;
        print(options, report, [
          `${counted(back, 'image')} of "${dataset.name}" ${verbFor(back, 'are')} back`,
          ...(left.length > 0
            ? [`  ${left.length} left in the bin: the dataset has them again`]
            : []),
          ...replaced.map(({ name }) => `  ${name}, which was added again, is in the bin instead`),
          ...renamed.map(({ name, now }) => `  ${name} is called ${now} now: its name was taken`),
        ]);
      }),
    );

  withYes(
    withFlags(
      images
        .command('empty-bin')
        .description('delete for good what is in the bin and nothing is made of')
        .argument('<project>', 'project file'),
    ),
  ).action((path: string, options: Flags & YesFlag) =>
    inDataset(path, options, async ({ caller, project, dataset }) => {
      const binnedNow = await caller.call('bin.list', { project, datasetId: dataset.id });
      const free = binnedNow.filter(({ heldBy }) => heldBy.length === 0);
      if (free.length > 0) await confirm(emptyWords(dataset, free), options);
      const emptied = await caller.call('bin.empty', { project, datasetId: dataset.id });
      const { deleted, bytes, held } = emptied;
      print(options, emptied, [
        deleted > 0
          ? `deleted ${counted(deleted, 'image')} of "${dataset.name}" for good: ${megabytes(bytes)} free in the project file (smaller file: graft compact)`
          : held.length === 0
            ? `the bin of "${dataset.name}" is empty`
            : `nothing of "${dataset.name}" is deleted for good`,
        ...heldLines(held),
      ]);
    }),
  );
}
