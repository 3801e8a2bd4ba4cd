/** graft check: whether a project file is whole. */
import { basename } from 'node:path';
import type { Command } from 'commander';
import { withProject } from './host.ts';
import { print } from './output.ts';

export function addCheckCommand(program: Command): void {
  program
    .command('check')
    .description('read every page, row and index of a project file and say whether it is whole')
    .argument('<project>', 'project file')
    .option('--json', 'print one JSON document', false)
    .addHelpText(
      'after',
      `
Changes nothing of what is stored. A damaged file ends with exit code 3 and says what to do.

Examples:
  graft check cells.graft`,
    )
    .action(async (path: string, options: { json: boolean }) => {
      await withProject(path, async (caller, project) => {
        const checked = await caller.call('project.check', { project });
        print(
          options,
          { project, ...checked },
          `${basename(project)} is whole: every page, row and index was read.`,
        );
      });
    });
}
