/** graft new | import | export | generate */
import { resolve } from 'node:path';
import { type Command, Option } from 'commander';
import {
  BACKGROUND_CHOICES,
  type BackgroundChoice,
  IMPORT_FORMATS,
  type ImportDoubt,
  type ImportFormat,
  type ImportPreview,
  ONE_MASK,
  type OneMask,
  PAGES_AS,
  type PagesAs,
} from '../../shared/api.ts';
import { MASK_READINGS, type MaskReading } from '../../shared/mask-readings.ts';
import { generators } from '../data/generators/registry.ts';
import { counted } from '../../shared/number-format.ts';
import { integer, valueMapping } from './arguments.ts';
import { EXIT } from './exit-codes.ts';
import { withEngine, withProgress, withProject } from './host.ts';
import { findDataset } from './lookup.ts';
import { issueLines, print } from './output.ts';

/** What to look at, each with the other readings and their flags. */
const doubtLines = (doubts: readonly ImportDoubt[]): string[] =>
  doubts.flatMap(({ message, instead }) => [
    `  doubtful: ${message}`,
    ...instead.map(({ words, flag }) => `    instead: ${flag} (${words})`),
  ]);

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

interface ImportOptions {
  dataset: string;
  format: ImportFormat;
  images?: string;
  map?: Record<string, number>;
  pages: PagesAs;
  oneMask: OneMask;
  background: BackgroundChoice;
  read: MaskReading;
  link: boolean;
  preview: boolean;
  json: boolean;
}

function addImport(program: Command): void {
  program
    .command('import')
    .description('bring images and masks into a project')
    .argument('<project>', 'project file')
    .argument('<path>', 'folder, or the JSON file of COCO')
    .requiredOption('--dataset <name>', 'name of the new dataset')
    .addOption(new Option('--format <format>', 'layout').choices(IMPORT_FORMATS).default('auto'))
    .option('--images <dir>', 'where the images of a COCO file lie')
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
    .option('--link', 'leave the originals where they are instead of copying them', false)
    .option('--preview', 'show what would happen and write nothing', false)
    .option('--json', 'print one JSON document', false)
    .addHelpText(
      'after',
      `
Examples:
  graft import cells.graft data/ --dataset cells
  graft import cells.graft instances.json --images images/ --format coco --dataset nuclei
  graft import pets.graft pets/ --dataset pets --format oxford-pet --preview
  graft import vessels.graft vessels/ --dataset vessels --read black-white
  graft import wells.graft wells/ --dataset wells --map "1-40=1, 41,43=2, 255=ignore"`,
    )
    .action(async (path: string, from: string, options: ImportOptions) => {
      const source = {
        format: options.format,
        path: resolve(from),
        imagesDir: options.images === undefined ? null : resolve(options.images),
        reading: options.read,
        mapping: options.map ?? null,
        pages: options.pages,
        oneMask: options.oneMask,
        background: options.background,
      };
      if (options.preview) {
        await withEngine({}, async (engine) => {
          const preview = await withProgress((o) => engine.call('datasets.preview', source, o));
          print(options, preview, [
            `${preview.format}: ${preview.why}`,
            `${preview.images} images, ${preview.labelled} with masks`,
            ...preview.values.map(
              (v) =>
                `  mask value ${v.value}: ${v.pixels} pixels → ${v.becomes === 255 ? 'ignore' : `class ${v.becomes} (${preview.classes.find((c) => c.index === v.becomes)?.name ?? '?'})`}`,
            ),
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
          caller.call(
            'datasets.import',
            { project, name: options.dataset, link: options.link, ...source },
            o,
          ),
        );
        const { images, labelled, skipped, droppedMasks, issues } = report;
        const dropped = droppedMasks === 0 ? '' : `, ${counted(droppedMasks, 'mask')} dropped`;
        const dataset = await findDataset(caller, project, options.dataset);
        print(options, report, [
          `imported ${images} images (${labelled} labelled) as "${options.dataset}"; ${skipped} skipped${dropped}`,
          ...backgroundLines(dataset, { labelled, choice: options.background }),
          ...doubtLines(report.doubts),
          ...issueLines(issues),
        ]);
        // Whatever was found and not used: images, masks, pages, annotations.
        if (issues.some(({ severity }) => severity === 'skip')) process.exitCode = EXIT.partial;
      });
    });
}

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
