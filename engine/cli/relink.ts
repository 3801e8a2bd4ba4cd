/** graft relink: originals of linked images, found again where they lie now. */
import { resolve } from 'node:path';
import type { Command } from 'commander';
import type { RelinkReport } from '../../shared/api.ts';
import type { Dataset } from '../../shared/entities.ts';
import { AppError } from '../../shared/errors.ts';
import { counted } from '../../shared/number-format.ts';
import { EXIT } from './exit-codes.ts';
import { type Caller, withProgress, withProject } from './host.ts';
import { findDataset } from './lookup.ts';
import { print } from './output.ts';

/** Missing images beyond these are counted, not listed, unless --json asks for all. */
const LISTED = 20;

async function linkedDatasets(caller: Caller, project: string): Promise<Dataset[]> {
  const datasets = await caller.call('datasets.list', { project });
  const linked = datasets.filter(({ origin }) => origin['link'] === true);
  if (linked.length > 0) return linked;
  throw new AppError(
    'invalid-input',
    'No dataset is linked here: all originals are in the project.',
  );
}

function linesOf(name: string, report: RelinkReport): string[] {
  const { linked, found, moved, unchanged, missing, unread } = report;
  const more = missing.length - LISTED;
  return [
    `"${name}": ${counted(linked, 'linked image')}: ${found} found there (${moved} at a new place), ${unchanged} still where they were, ${missing.length} missing`,
    ...missing.slice(0, LISTED).map((image) => `  missing: ${image.message}`),
    ...(more > 0 ? [`  … and ${more} more (--json lists all)`] : []),
    ...(unread > 0 ? [`  ${counted(unread, 'file')} or folders could not be read`] : []),
  ];
}

export function addRelinkCommand(program: Command): void {
  program
    .command('relink')
    .description('find linked originals again, by their content, where they lie now')
    .argument('<project>', 'project file')
    .argument('<dir>', 'folder to look in, with all that lies beneath it')
    .option('--dataset <name>', 'one dataset (default: all that are linked)')
    .option('--json', 'print one JSON document', false)
    .addHelpText(
      'after',
      `
Originals are known by their content: they may have other names and folders now. Where a project and its
originals moved together, they are found without this.

Examples:
  graft relink cells.graft /data/2026/cells
  graft relink cells.graft . --dataset fluorescence`,
    )
    .action(async (path: string, dir: string, options: { dataset?: string; json: boolean }) => {
      await withProject(path, async (caller, project) => {
        const datasets =
          options.dataset === undefined
            ? await linkedDatasets(caller, project)
            : [await findDataset(caller, project, options.dataset)];
        const reports: ({ dataset: string } & RelinkReport)[] = [];
        for (const { id, name } of datasets) {
          const report = await withProgress((o) =>
            caller.call('datasets.relink', { project, datasetId: id, dir: resolve(dir) }, o),
          );
          reports.push({ dataset: name, ...report });
        }
        print(
          options,
          { datasets: reports },
          reports.flatMap((one) => linesOf(one.dataset, one)),
        );
        if (reports.some((one) => one.missing.length > 0)) process.exitCode = EXIT.partial;
      });
    });
}
