/** graft export: a dataset, or a selection of it, with labels and predictions, as files. */
import { resolve } from 'node:path';
import { type Command, InvalidArgumentError, Option } from 'commander';
import { EXPORT_PARTS, type ExportPart } from '../../shared/api.ts';
import {
  EXPORT_FORMAT_FACTS,
  EXPORT_FORMATS,
  type ExportFormat,
  lossWords,
} from '../../shared/export-formats.ts';
import { leftOutWords } from '../../shared/export-words.ts';
import { counted } from '../../shared/number-format.ts';
import { integer } from './arguments.ts';
import { EXIT } from './exit-codes.ts';
import { withProgress, withProject } from './host.ts';
import { imagesNamed, imagesOf } from './image-names.ts';
import { findDataset, findSplit } from './lookup.ts';
import { print } from './output.ts';

interface ExportFlags {
  dataset: string;
  format: ExportFormat;
  images?: string[];
  split: string;
  parts?: ExportPart[];
  labelled: boolean;
  excluded: boolean;
  predictions?: number;
  json: boolean;
}

function partsOf(text: string): ExportPart[] {
  return text.split(',').map((name) => {
    const part = EXPORT_PARTS.find((one) => one === name.trim());
    if (part === undefined) {
      throw new InvalidArgumentError(`Expected some of ${EXPORT_PARTS.join(',')}.`);
    }
    return part;
  });
}

/** What a format writes, and what it has no place for. */
const formatHelp = (format: ExportFormat): string =>
  `  ${format.padEnd(12)}${EXPORT_FORMAT_FACTS[format].writes}.\n${''.padEnd(14)}${lossWords(format)}`;

/** Images beyond these are counted, not listed, unless --json asks for all. */
const LISTED = 20;

const listed = (lines: readonly string[]): string[] => [
  ...lines.slice(0, LISTED).map((line) => `  ${line}`),
  ...(lines.length > LISTED ? [`  … and ${lines.length - LISTED} more (--json lists all)`] : []),
];

export function addExportCommand(program: Command): void {
  program
    .command('export')
    .description(
      'write a dataset, or a selection of it, as images with labels in the format of a tool',
    )
    .argument('<project>', 'project file')
    .argument('<dir>', 'empty or new folder')
    .requiredOption('--dataset <name>', 'dataset')
    .addOption(
      new Option('--format <format>', 'what labels become: see below')
        .choices(EXPORT_FORMATS)
        .default('folder' satisfies ExportFormat),
    )
    .option('--images <names...>', 'only these; * and ? stand for anything (quote them)')
    .option(
      '--parts <parts>',
      `only these parts of the split, of ${EXPORT_PARTS.join(',')}`,
      partsOf,
    )
    .option('--split <name>', 'the split that --parts is about', 'default')
    .option('--labelled', 'only what a person or an import labelled', false)
    .option('--excluded', 'excluded images too', false)
    .option(
      '--predictions <run>',
      'also what this run predicted: of its test images, and as label maps',
      integer,
    )
    .option('--json', 'print one JSON document', false)
    .addHelpText(
      'after',
      `
Formats:
${EXPORT_FORMATS.map(formatHelp).join('\n')}

A prediction that nobody corrected is written as a mask, and counts as no label for --labelled. What a run predicted
goes into predictions/ or predictions.json, beside the labels; nothing is predicted for it.

Examples:
  graft export cells.graft out --dataset cells
  graft export cells.graft out --dataset cells --parts train,val --labelled
  graft export cells.graft out --dataset cells --images 'mouse-7_*' --format coco --predictions 12`,
    )
    .action(async (path: string, dir: string, options: ExportFlags) => {
      await withProject(path, async (caller, project) => {
        const dataset = await findDataset(caller, project, options.dataset);
        const named =
          options.images === undefined
            ? undefined
            : imagesNamed(
                await imagesOf(caller, { project, dataset }),
                options.images,
                `"${dataset.name}"`,
              ).map(({ id }) => id);
        const parts =
          options.parts === undefined
            ? null
            : {
                splitId: (await findSplit(caller, project, { dataset, name: options.split })).id,
                parts: options.parts,
              };
        const report = await withProgress((o) =>
          caller.call(
            'datasets.export',
            {
              ...{ project, datasetId: dataset.id, format: options.format, dir: resolve(dir) },
              ...(named === undefined ? {} : { imageIds: named }),
              ...{ parts, labelledOnly: options.labelled, excluded: options.excluded },
              predictions: options.predictions ?? null,
            },
            o,
          ),
        );
        const { files, images, damaged, troubles, leftOut, unpredicted, lost } = report;
        const left = leftOutWords(leftOut);
        print(options, report, [
          `wrote ${counted(images, 'image')} in ${counted(files, 'file')} to ${report.dir}`,
          ...(left.length === 0
            ? []
            : [
                `  left out: ${left.join(', ')}${leftOut.excluded > 0 ? ' (excluded ones too: --excluded)' : ''}`,
              ]),
          ...(unpredicted === 0
            ? []
            : [
                `  without a stored prediction of run ${String(options.predictions)}: ${counted(unpredicted, 'image')} (make one: graft predict)`,
              ]),
          ...lost.map((what) => `  no place for ${what}`),
          ...listed(troubles),
          ...listed(damaged.map((what) => `left out, since it is damaged: ${what}`)),
          ...(damaged.length === 0 ? [] : [`Next: graft repair ${project}`]),
        ]);
        if (damaged.length + troubles.length > 0) process.exitCode = EXIT.partial;
      });
    });
}
