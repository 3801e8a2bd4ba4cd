/** graft retry: a training that failed goes on. */
import type { Command } from 'commander';
import type { Run } from '../../shared/entities.ts';
import { AppError } from '../../shared/errors.ts';
import { shellWord } from '../shell-word.ts';
import { integer } from './arguments.ts';
import { withProject } from './host.ts';
import { followRun } from './models.ts';
import { print } from './output.ts';
import { failureOf } from './run-failure.ts';

const lineOf = ({ id, status }: Run): string => `run ${id}: ${status}`;

export function addRetryCommand(program: Command): void {
  program
    .command('retry')
    .description('try a training that failed or was cancelled again, from its last checkpoint')
    .argument('<project>', 'project file')
    .argument('<run>', 'its number, which stands in what it failed with', integer)
    .option('--json', 'print one JSON document', false)
    .addHelpText(
      'after',
      `
For trainings of models and encoders. A study goes on with graft study resume P.graft --retry.

Examples:
  graft retry cells.graft 14`,
    )
    .action(async (path: string, runId: number, options: { json: boolean }) => {
      await withProject(
        path,
        async (caller, project, local) => {
          const { run: before } = await caller.call('runs.get', { project, runId });
          if (before.studyId !== null) {
            throw new AppError(
              'invalid-input',
              `Run ${runId} is part of a study, whose failed runs are tried again together: graft study resume ${shellWord(path)} --retry`,
            );
          }
          const queued = await caller.call('runs.retry', { project, runId });
          const run = local === null ? queued : await followRun(local, project, { runId });
          if (run.error !== null) throw failureOf(run.error, { path, runId });
          print(options, run, lineOf(run));
        },
        { reachable: true },
      );
    });
}
