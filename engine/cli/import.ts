/** graft import: a new dataset from a folder or annotations; what goes into one that is there is add-into.ts'. */
import { resolve } from 'node:path';
import { type Command, Option } from 'commander';
import {
  ADDITION_HOLDS,
  BACKGROUND_CHOICES,
  type BackgroundChoice,
  CLASH_CHOICES,
  IMPORT_FORMATS,
  type ImportFormat,
  type ImportPreview,
  ONE_MASK,
  type OneMask,
  PAGES_AS,
  type PagesAs,
  SAME_CHOICES,
} from '../../shared/api.ts';
import { PARTS } from '../../shared/entities.ts';
import { AppError } from '../../shared/errors.ts';
import { MASK_READINGS, type MaskReading } from '../../shared/mask-readings.ts';
import { counted } from '../../shared/number-format.ts';
import { addInto, type AdditionFlags } from './add-into.ts';
import { undoAddition } from './undo-addition.ts';
import { integer, number, valueMapping } from './arguments.ts';
import { EXIT } from './exit-codes.ts';
import { withEngine, withProgress, withProject } from './host.ts';
import { doubtLines, valueLines } from './import-lines.ts';
import { findDataset } from './lookup.ts';
import { issueLines, print } from './output.ts';

/** What class 0 is taken for; a question where nobody said. */
function backgroundLines(
  { classes, hasBackground }: Pick<ImportPreview, 'classes' | 'hasBackground'>,
  { labelled, choice }: { readonly labelled: number; readonly choice: BackgroundChoice },
): string[] {
  if (labelled === 0) return [];
  const name = classes.find(({ index }) => index === 0)?.name ?? 'background';
  const what = hasBackground
    ? 'the background: trained, not scored'
    : 'a class like any other: trained and scored';
  const instead = hasBackground
    ? 'Is it a class like any other (sky, membrane)? --background no, here or of graft classes'
    : 'Is it the background? --background yes, here or of graft classes';
  return [`class 0 (${name}) is ${what}.${choice === 'auto' ? ` ${instead}` : ''}`];
}

interface ImportOptions extends AdditionFlags {
  dataset?: string;
  format: ImportFormat;
  images?: string;
  masks?: string;
  map?: Record<string, number>;
  pages: PagesAs;
  oneMask: OneMask;
  background: BackgroundChoice;
  read: MaskReading;
  link: boolean;
  preview: boolean;
  json: boolean;
}

export function addImport(program: Command): void {
  program
    .command('import')
    .description('bring images and masks into a project')
    .argument('<project>', 'project file')
    .argument(
      '[path]',
      'folder, or a file of labels: COCO, labelme, Datumaro, QuPath, CVAT, data.yaml of YOLO',
    )
    .option('--dataset <name>', 'name of the new dataset')
    .addOption(new Option('--format <format>', 'layout').choices(IMPORT_FORMATS).default('auto'))
    .option('--images <dir>', 'where the images of label files lie')
    .option(
      '--masks <where>',
      'which files of a folder are masks, where their names do not say it: a folder (gt/), or how their names end ("*_gt", "*.png")',
    )
    .option(
      '--map <pairs>',
      'mask value = class (or ignore), e.g. 1=1,2=0,3=ignore; also ranges (1-40=1), several values (5,7=2) and colours (#ff0000=1)',
      valueMapping,
    )
    .addOption(
      new Option('--pages <as>', 'pages of a file: what it says itself, images, or channels of one')
        .choices(PAGES_AS)
        .default('auto'),
    )
    .addOption(
      new Option('--one-mask <where>', 'one mask beside a file of several images: on which')
        .choices(ONE_MASK)
        .default('first'),
    )
    .addOption(
      new Option(
        '--read <reading>',
        'how mask values are read where the layout does not say what they mean: values (each is a class), levels (those that form regions are classes, the others go to the nearest), black-white (above half of the largest is the foreground), foreground (all but 0), alpha or colour (that channel)',
      )
        .choices(MASK_READINGS)
        .default('auto' satisfies MaskReading),
    )
    .addOption(
      new Option(
        '--background <choice>',
        'whether class 0 is the background, trained but not scored: yes, no (a class like any other), or auto (yes, unless the layout names it as something else)',
      )
        .choices(BACKGROUND_CHOICES)
        .default('auto' satisfies BackgroundChoice),
    )
    .option('--into <name>', 'add to this dataset instead of making one')
    .addOption(
      new Option(
        '--holds <what>',
        'with --into: images, with or without masks, or masks alone, of images that are there',
      )
        .choices(ADDITION_HOLDS)
        .default('auto'),
    )
    .addOption(
      new Option(
        '--same <choice>',
        'with --into, of images that are there already, byte for byte: skip them, or take their masks as new versions of the labels',
      )
        .choices(SAME_CHOICES)
        .default('skip'),
    )
    .addOption(
      new Option(
        '--clash <choice>',
        'with --into, of other images with the name of one that is there: refuse, rename (keep both), or skip',
      )
        .choices(CLASH_CHOICES)
        .default('refuse'),
    )
    .option(
      '--undo',
      'with --into, in place of a path: take back what was added last; images go into the bin, masks into their history',
      false,
    )
    .option('--new-classes', 'with --into: add classes that the dataset has not', false)
    .option('--split <name>', 'with --into: split in which the new images get a part')
    .addOption(
      new Option(
        '--part <part>',
        'with --split: the part of all new images, folders (as their folders say), or shares (by --val and --test)',
      ).choices([...PARTS, 'folders', 'shares']),
    )
    .option('--val <share>', 'with --part shares', number, 0.2)
    .option('--test <share>', 'with --part shares', number, 0.2)
    .option('--seed <n>', 'with --part shares', integer, 0)
    .option('--link', 'leave the originals where they are instead of copying them', false)
    .option('--preview', 'show what would happen and write nothing', false)
    .option('--json', 'print one JSON document', false)
    .addHelpText(
      'after',
      `
Examples:
  graft import cells.graft data/ --dataset cells
  graft import cells.graft week2/ --into cells --preview
  graft import cells.graft week2/ --into cells --clash rename --split default --part train
  graft import cells.graft cvat-masks/ --into cells --holds masks
  graft import cells.graft --into cells --undo
  graft import cells.graft instances.json --images images/ --format coco --dataset nuclei
  graft import cells.graft annotations.xml --images images/ --format cvat --dataset cells
  graft import pets.graft pets/ --dataset pets --format oxford-pet --preview
  graft import vessels.graft vessels/ --dataset vessels --read black-white
  graft import chase.graft chase/ --dataset chase --masks "*_1stHO"
  graft import wells.graft wells/ --dataset wells --map "1-40=1, 41,43=2, 255=ignore"`,
    )
    .action(async (path: string, from: string | undefined, options: ImportOptions) => {
      if (options.undo) {
        await undoAddition(path, { ...options, from });
        return;
      }
      if (from === undefined) {
        throw new AppError(
          'invalid-input',
          'Say which folder or file to import: graft import PROJECT PATH.',
        );
      }
      const source = {
        format: options.format,
        path: resolve(from),
        imagesDir: options.images === undefined ? null : resolve(options.images),
        masks: options.masks ?? null,
        reading: options.read,
        mapping: options.map ?? null,
        pages: options.pages,
        oneMask: options.oneMask,
        background: options.background,
      };
      const { dataset: name, into } = options;
      if ((name === undefined) === (into === undefined)) {
        throw new AppError(
          'invalid-input',
          'Say --dataset NAME for a new dataset, or --into NAME to add to one that is there.',
        );
      }
      if (into !== undefined) {
        await addInto(path, into, { source, ...options });
        return;
      }
      if (name === undefined) return;
      if (options.preview) {
        await withEngine({}, async (engine) => {
          const preview = await withProgress((o) => engine.call('datasets.preview', source, o));
          print(options, preview, [
            `${preview.format}: ${preview.why}`,
            `${counted(preview.images, 'image')}, ${preview.labelled} with ${preview.labelled === 1 ? 'a mask' : 'masks'}`,
            ...valueLines(preview),
            ...backgroundLines(preview, {
              labelled: preview.labelled,
              choice: options.background,
            }),
            ...doubtLines(preview.doubts),
            ...issueLines(preview.issues),
          ]);
        });
        return;
      }
      await withProject(path, async (caller, project) => {
        const report = await withProgress((o) =>
          caller.call('datasets.import', { project, name, link: options.link, ...source }, o),
        );
        const { images, labelled, skipped, droppedMasks, issues } = report;
        const dropped = droppedMasks === 0 ? '' : `, ${counted(droppedMasks, 'mask')} dropped`;
        const dataset = await findDataset(caller, project, name);
        print(options, report, [
          `imported ${counted(images, 'image')} (${labelled} labelled) as "${name}"; ${skipped} skipped${dropped}`,
          ...backgroundLines(dataset, { labelled, choice: options.background }),
          ...doubtLines(report.doubts),
          ...issueLines(issues),
        ]);
        // Whatever was found and not used: images, masks, pages, annotations.
        if (issues.some(({ severity }) => severity === 'skip')) process.exitCode = EXIT.partial;
      });
    });
}
