/** graft train: a network from the labels of now. */
import type { Command } from 'commander';
import { MODEL_MINUTES, type ModelStart } from '../../shared/api.ts';
import { AppError, fromWireError } from '../../shared/errors.ts';
import { sameName } from '../../shared/names.ts';
import { duration } from '../../shared/number-format.ts';
import { integer, number } from './arguments.ts';
import { type Caller, withProject } from './host.ts';
import { findDataset, findEncoder } from './lookup.ts';
import { followRun } from './models.ts';

/** A model before an encoder of the same name. Errors: not-found. */
async function startNamed(caller: Caller, project: string, name: string): Promise<ModelStart> {
  if (name === 'random') return 'random';
  const models = await caller.call('models.list', { project });
  const model = models.find((one) => sameName(one.name) === sameName(name));
  if (model !== undefined) return { modelId: model.id };
  return { encoderId: (await findEncoder(caller, project, name)).id };
}

export function addTrainCommand(program: Command): void {
  program
    .command('train')
    .description('train a network from the labels of now, and keep it as a model')
    .argument('<project>', 'project file')
    .requiredOption('--dataset <name>', 'whose labels')
    .option('--minutes <n>', 'minutes of training', number, MODEL_MINUTES)
    .option(
      '--from <name>',
      'random, an encoder of the project, or a model to go on from',
      'random',
    )
    .option('--name <name>', 'name of the model (default: after the dataset)')
    .option('--steps <n>', 'so many steps, instead of what the minutes have room for', integer)
    .option('--seed <n>', 'seed', integer, 0)
    .option('--json', 'the last line is one JSON document', false)
    .addHelpText(
      'after',
      `
Examples:
  graft train cells.graft --dataset cells --minutes 10 --name first
  graft predict cells.graft more-images/ --model first --out masks`,
    )
    .action(
      async (
        path: string,
        options: {
          dataset: string;
          minutes: number;
          from: string;
          name?: string;
          steps?: number;
          seed: number;
          json: boolean;
        },
      ) => {
        await withProject(
          path,
          async (caller, project, local) => {
            const { minutes, steps, seed, name } = options;
            const dataset = await findDataset(caller, project, options.dataset);
            const { model, run, plan } = await caller.call('models.train', {
              project,
              datasetId: dataset.id,
              minutes,
              seed,
              name: name ?? null,
              from: await startNamed(caller, project, options.from),
              ...(steps === undefined ? {} : { steps }),
            });
            for (const line of [...plan.why, ...plan.warnings]) process.stderr.write(`${line}\n`);
            if (local === null) {
              // Whoever owns the project trains it.
              process.stdout.write(
                options.json
                  ? `${JSON.stringify({ model: model.name, status: run.status })}\n`
                  : `"${model.name}" is queued in the process that has the project open.\n`,
              );
              return;
            }
            const ended = await followRun(local, project, run.id);
            if (ended.error !== null) throw fromWireError(ended.error);
            if (ended.status !== 'done') {
              throw new AppError('cancelled', `The training of "${model.name}" was cancelled.`);
            }
            const score = await caller.call('models.score', { project, modelId: model.id });
            const { images, classes, seconds, words } = score;
            process.stdout.write(
              options.json
                ? `${JSON.stringify({ model: model.name, images, classes, seconds, words })}\n`
                : `${[`"${model.name}", ${duration(seconds)} of training`, ...words].join('\n')}\n`,
            );
          },
          { reachable: true },
        );
      },
    );
}
