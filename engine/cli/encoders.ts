/** graft encoder … | export-model: networks in from files and out to files. */
import { resolve } from 'node:path';
import { type Command, Option } from 'commander';
import {
  ENCODER_FORMATS,
  MODEL_FORMATS,
  type ModelFormat,
  PREPROCESSINGS,
} from '../../shared/api.ts';
import type { PreprocessingName, WeightInspection } from '../../shared/api.ts';
import type { Encoder, WeightFileReport } from '../../shared/entities.ts';
import { AppError } from '../../shared/errors.ts';
import { networkInText } from '../../shared/networks.ts';
import { megabytes } from '../../shared/number-format.ts';
import { integer } from './arguments.ts';
import { confirm, withYes, type YesFlag } from './confirm.ts';
import { EXIT } from './exit-codes.ts';
import { withEngine, withProject } from './host.ts';
import { findModel } from './lookup.ts';
import { print, table } from './output.ts';

const collected = (value: string, before: string[]) => [...before, value];

interface SourceOptions {
  preprocessing: PreprocessingName;
  base: number;
  json: boolean;
}

const formatOption = (formats: readonly ModelFormat[], words: string) =>
  new Option('--format <format>', words).choices(formats).default('graft' satisfies ModelFormat);

const sourceOptions = (command: Command) =>
  command
    .addOption(
      new Option('--preprocessing <name>', 'what the network was trained to see')
        .choices(PREPROCESSINGS)
        .default('auto' satisfies PreprocessingName),
    )
    .option('--base <n>', 'decoder channels of the first level', integer, 8)
    .option('--json', 'print one JSON document', false);

function reportLines(report: WeightFileReport): string[] {
  return [
    table([
      ['layer', 'shape', 'state', 'in the file'],
      ...report.layers.map((l) => [
        l.layer,
        l.shape.join('×'),
        l.state,
        l.problem ?? l.source ?? '',
      ]),
    ]),
    ...report.notes,
    ...(report.unused.length === 0
      ? []
      : [`not used: ${report.unused.length} tensors (${report.unused.slice(0, 6).join(', ')} …)`]),
  ];
}

const whereFrom = ({ file, runId }: Encoder) =>
  file === null ? `run ${String(runId)}` : `${file.file} (${file.naming})`;

const inspectionLines = (found: WeightInspection): string[] => [
  ...reportLines(found),
  `SHA-256 ${found.sha256}`,
  found.obstacle ?? `fits: ${networkInText(found.network)}`,
];

export function addEncoderCommands(program: Command): void {
  const encoder = program
    .command('encoder')
    .description('pretrained networks: list, bring in from files, write to files');

  encoder
    .command('list')
    .description('all encoders of a project, trained here or imported')
    .argument('<project>', 'project file')
    .option('--json', 'print one JSON document', false)
    .action(async (path: string, options: { json: boolean }) => {
      await withProject(path, async (caller, project) => {
        const encoders = await caller.call('encoders.list', { project });
        print(
          options,
          { encoders },
          table([
            ['id', 'name', 'network', 'from'],
            ...encoders.map((e) => [String(e.id), e.name, networkInText(e.network), whereFrom(e)]),
          ]),
        );
      });
    });

  sourceOptions(
    encoder
      .command('inspect')
      .description('what a weight file holds, layer by layer, without importing it')
      .argument('<file>', 'weight file'),
  )
    .addHelpText('after', '\nExample:\n  graft encoder inspect resnet18.pth')
    .action(async (file: string, options: SourceOptions) => {
      await withEngine({}, async (engine) => {
        const found = await engine.call('encoders.inspect', {
          path: resolve(file),
          preprocessing: options.preprocessing,
          network: { base: options.base },
        });
        print(options, found, inspectionLines(found));
        if (found.obstacle !== null) process.exitCode = EXIT.badInput;
      });
    });

  sourceOptions(
    encoder
      .command('import')
      .description('bring in weights: .pth or .pt of PyTorch, safetensors, Keras .h5 or .keras')
      .argument('<project>', 'project file')
      .argument('<file>', 'weight file')
      .option('--name <name>', 'name in the project (default: after the file)'),
  )
    .addHelpText(
      'after',
      `
Examples:
  graft encoder import cells.graft resnet18.pth --name "ResNet-18, ImageNet"
  graft encoder import cells.graft mobilenet_v2.h5 --base 16`,
    )
    .action(async (path: string, file: string, options: SourceOptions & { name?: string }) => {
      await withProject(path, async (caller, project) => {
        const imported = await caller.call('encoders.import', {
          project,
          path: resolve(file),
          preprocessing: options.preprocessing,
          network: { base: options.base },
          name: options.name ?? null,
        });
        print(options, imported, [
          ...(imported.file === null ? [] : reportLines(imported.file)),
          `encoder ${imported.id}: ${imported.name}`,
        ]);
      });
    });

  encoder
    .command('export')
    .description('write an encoder to a file')
    .argument('<project>', 'project file')
    .argument('<id>', 'number of the encoder (graft encoder list)', integer)
    .requiredOption('--out <file>', 'file to write')
    .addOption(formatOption(ENCODER_FORMATS, 'graft: read back by Graft; keras: .h5; onnx'))
    .option('--json', 'print one JSON document', false)
    .addHelpText(
      'after',
      '\nExample:\n  graft encoder export cells.graft 3 --format onnx --out e.onnx',
    )
    .action(
      async (
        path: string,
        encoderId: number,
        options: { out: string; format: (typeof ENCODER_FORMATS)[number]; json: boolean },
      ) => {
        await withProject(path, async (caller, project) => {
          const { format } = options;
          const out = { project, encoderId, format, path: resolve(options.out) };
          const written = await caller.call('encoders.export', out);
          print(options, written, [
            `${written.path}: ${megabytes(written.bytes)}`,
            ...written.notes,
          ]);
        });
      },
    );

  withYes(
    encoder
      .command('delete')
      .description(
        'takes an encoder out of a project: an imported one, or a pretrained one of no study',
      )
      .argument('<project>', 'project file')
      .argument('<id>', 'number of the encoder', integer)
      .option('--json', 'print one JSON document', false),
  ).action(async (path: string, encoderId: number, options: { json: boolean } & YesFlag) => {
    await withProject(path, async (caller, project) => {
      const encoders = await caller.call('encoders.list', { project });
      const found = encoders.find(({ id }) => id === encoderId);
      if (found !== undefined) {
        await confirm(`The encoder "${found.name}" is deleted with its weights.`, options);
      }
      await caller.call('encoders.delete', { project, encoderId });
      print(options, { deleted: encoderId }, `encoder ${encoderId} is deleted`);
    });
  });

  program
    .command('export-model')
    .description('write the segmentation network of a model or a finished run to a file')
    .argument('<project>', 'project file')
    .option('--model <name>', 'a model of the project (graft train)')
    .option('--run <id>', 'which run', integer)
    .requiredOption('--out <file>', 'file to write')
    .addOption(
      formatOption(
        MODEL_FORMATS,
        'graft: read back by Graft; keras: .h5; onnx; bioimage: a zip for bioimage.io',
      ),
    )
    .option('--author <name>', 'who made it, for bioimage (repeat for several)', collected, [])
    .option('--licence <id>', 'its licence as SPDX calls it, for bioimage')
    .addOption(
      new Option('--checkpoint <which>', 'best by validation, or the last')
        .choices(['best', 'last'])
        .default('best'),
    )
    .option('--json', 'print one JSON document', false)
    .addHelpText(
      'after',
      '\nExample:\n  graft export-model cells.graft --model first --format onnx --out cells.onnx',
    )
    .action(
      async (
        path: string,
        options: {
          model?: string;
          run?: number;
          out: string;
          format: ModelFormat;
          checkpoint: 'best' | 'last';
          author: string[];
          licence?: string;
          json: boolean;
        },
      ) => {
        await withProject(path, async (caller, project) => {
          const { model, run } = options;
          if ((model === undefined) === (run === undefined)) {
            throw new AppError('invalid-input', 'Give either --model or --run.');
          }
          const runId =
            model === undefined ? (run ?? 0) : (await findModel(caller, project, model)).runId;
          const written = await caller.call('runs.export', {
            project,
            runId,
            checkpoint: options.checkpoint,
            format: options.format,
            path: resolve(options.out),
            about: {
              name: model ?? `run ${runId}`,
              authors: options.author,
              licence: options.licence ?? null,
            },
          });
          print(options, written, [
            `${written.path}: ${megabytes(written.bytes)}`,
            ...written.notes,
          ]);
        });
      },
    );
}
