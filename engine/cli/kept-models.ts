/** graft models: the networks that one keeps. */
import type { Command } from 'commander';
import type { ListedModel, ModelComparison } from '../../shared/api.ts';
import {
  minuteUtc,
  score,
  scoreInterval,
  signed,
  signedInterval,
} from '../../shared/number-format.ts';
import { objectNumber, signedObjectNumber } from '../../shared/charts/object-words.ts';
import { OBJECT_WORDS, type ObjectMeasure } from '../../shared/objects/object-scores.ts';
import { number } from './arguments.ts';
import { confirm, withYes, type YesFlag } from './confirm.ts';
import { withProject } from './host.ts';
import { findDataset, findModel } from './lookup.ts';
import { print, table, writeOut } from './output.ts';

const diceOf = ({ dice, ci95, scored, status }: ListedModel) => {
  if (dice === null) return status === 'done' ? 'not scored' : status;
  return `${score(dice)}${ci95 === null ? '' : ` ${scoreInterval(ci95)}`} on ${scored}`;
};

/** In the order of the measures; as many columns as any of them needs. */
const LISTED = ['f1', 'pq', 'countError'] as const satisfies readonly ObjectMeasure[];
const objectsOf = ({ objects }: ListedModel) =>
  LISTED.map((measure) => {
    const found = objects.find((one) => one.measure === measure);
    return found === undefined ? '–' : objectNumber(measure, found.mean);
  });

const firstLine = (notes: string) => notes.split('\n')[0] ?? '';

const withObjects = (models: readonly ListedModel[]) =>
  models.some(({ objects }) => objects.length > 0);

const listLines = (models: readonly ListedModel[]) =>
  models.length === 0
    ? 'There is no model yet. Train one: graft train P.graft --dataset NAME'
    : table([
        [
          ...['name', 'dataset', 'started from', 'trained on', 'held-out Dice'],
          ...(withObjects(models) ? LISTED.map((measure) => OBJECT_WORDS[measure]) : []),
          ...['trained', 'notes'],
        ],
        ...models.map((model) => [
          model.name,
          model.datasetName,
          model.startedFrom,
          String(model.images.train),
          diceOf(model),
          ...(withObjects(models) ? objectsOf(model) : []),
          minuteUtc(model.createdAt),
          firstLine(model.notes),
        ]),
      ]);

function comparisonLines({ models, classes, objects, leftOut, words }: ModelComparison): string[] {
  const dice = (value: number | null) => (value === null ? '–' : score(value));
  return [
    ...words,
    ...(classes.length === 0
      ? []
      : [
          table([
            ['class', ...models.map(({ name }) => name), 'difference', 'images'],
            ...classes.map((one) => [
              one.name,
              ...one.dice.map(dice),
              `${signed(one.effect)}${one.ci95 === null ? '' : ` ${signedInterval(one.ci95)}`}`,
              String(one.images),
            ]),
          ]),
        ]),
    ...(objects.length === 0
      ? []
      : [
          table([
            ['objects', ...models.map(({ name }) => name), 'difference', 'images'],
            ...objects.map(({ measure, means, effect, ci95, images }) => [
              OBJECT_WORDS[measure],
              ...means.map((value) => objectNumber(measure, value)),
              `${signedObjectNumber(measure, effect)}${ci95 === null ? '' : ` [${ci95.map((end) => signedObjectNumber(measure, end)).join(', ')}]`}`,
              String(images),
            ]),
          ]),
        ]),
    ...leftOut.map(({ name, why }) => `  not compared: ${name}: ${why}`),
  ];
}

export function addModelsCommands(program: Command): void {
  const models = program
    .command('models')
    .description('models that graft train has made: list, compare, rename, note, stop, delete')
    .addHelpText(
      'after',
      `
Examples:
  graft models cells.graft
  graft models compare cells.graft "this week" "last week"
  graft predict cells.graft more-images/ --model "this week" --out masks
  graft export-model cells.graft --model "this week" --format onnx --out cells.onnx`,
    );
  const named = (name: string, description: string) =>
    models
      .command(name)
      .description(description)
      .argument('<project>', 'project file')
      .argument('<model>', 'name of the model');

  models
    .command('list', { isDefault: true })
    .description('all models, whatever their dataset, the newest first')
    .argument('<project>', 'project file')
    .option('--dataset <name>', 'those of this dataset alone')
    .option('--json', 'print one JSON document', false)
    .action(async (path: string, options: { dataset?: string; json: boolean }) => {
      await withProject(
        path,
        async (caller, project) => {
          const all = await caller.call('models.list', { project });
          const of =
            options.dataset === undefined
              ? null
              : (await findDataset(caller, project, options.dataset)).id;
          const found = all.filter(({ datasetId }) => of === null || datasetId === of);
          print(options, { models: found }, listLines(found));
        },
        { reachable: true },
      );
    });

  named(
    'compare',
    'say whether a model is better than another, on images that both were held out from',
  )
    .argument('<other>', 'name of the other')
    .option('--delta <x>', 'differences of Dice below this do not matter (default: 0.02)', number)
    .option('--json', 'print one JSON document', false)
    .action(
      async (
        path: string,
        first: string,
        second: string,
        options: { delta?: number; json: boolean },
      ) => {
        await withProject(
          path,
          async (caller, project) => {
            const [one, other] = [
              await findModel(caller, project, first),
              await findModel(caller, project, second),
            ];
            const { delta } = options;
            const found = await caller.call('models.compare', {
              project,
              modelIds: [one.id, other.id],
              ...(delta === undefined ? {} : { delta }),
            });
            print(options, found, comparisonLines(found));
          },
          { reachable: true },
        );
      },
    );

  named('rename', 'give a model another name')
    .argument('<name>', 'its new name')
    .action(async (path: string, model: string, name: string) => {
      await withProject(
        path,
        async (caller, project) => {
          const { id } = await findModel(caller, project, model);
          const renamed = await caller.call('models.rename', { project, modelId: id, name });
          writeOut(`"${model}" is now "${renamed.name}".\n`);
        },
        { reachable: true },
      );
    });

  named('note', 'write down something about a model, in the place of what was noted before')
    .argument('<text>', 'the note; "" for none')
    .action(async (path: string, model: string, notes: string) => {
      await withProject(
        path,
        async (caller, project) => {
          const { id } = await findModel(caller, project, model);
          await caller.call('models.setNotes', { project, modelId: id, notes });
        },
        { reachable: true },
      );
    });

  withYes(named('stop', 'end a training that another process has under way'))
    .option('--keep', 'with the best network so far, which is tested and stays as the model', false)
    .action(async (path: string, model: string, options: { keep: boolean } & YesFlag) => {
      const { keep } = options;
      await withProject(
        path,
        async (caller, project) => {
          const { id, name } = await findModel(caller, project, model);
          if (!keep) {
            await confirm(
              `What "${name}" has learned is thrown away (--keep: it stays as the model).`,
              options,
            );
          }
          await caller.call('models.stop', { project, modelId: id, keep });
          writeOut(
            keep ? `"${name}" ends with what it has learned.\n` : `"${name}" is cancelled.\n`,
          );
        },
        { reachable: true },
      );
    });

  withYes(named('delete', 'delete a model with its weights and scores')).action(
    async (path: string, model: string, options: YesFlag) => {
      await withProject(
        path,
        async (caller, project) => {
          const { id, name } = await findModel(caller, project, model);
          await confirm(`The model "${name}" is deleted with its weights and scores.`, options);
          const { kept } = await caller.call('models.remove', { project, modelId: id });
          writeOut(`"${name}" is deleted. ${kept.join(' ')}\n`);
        },
        { reachable: true },
      );
    },
  );
}
