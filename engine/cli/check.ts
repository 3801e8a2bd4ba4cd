/** graft check, backup, repair: looking after a project file. */
import { basename, resolve } from 'node:path';
import type { Command } from 'commander';
import { AppError } from '../../shared/errors.ts';
import { megabytes } from '../../shared/number-format.ts';
import { EXIT } from './exit-codes.ts';
import { type Caller, withEngine, withProgress, withProject } from './host.ts';
import { print } from './output.ts';

/** Damage beyond this is counted, not listed, unless --json asks for all. */
const LISTED = 50;

function listed(heading: string, lines: readonly string[]): string[] {
  if (lines.length === 0) return [];
  const more = lines.length - LISTED;
  return [
    heading,
    ...lines.slice(0, LISTED).map((line) => `  ${line}`),
    ...(more > 0 ? [`  … and ${more} more (--json lists all)`] : []),
  ];
}

/** Whoever has the project open, or this process; of one that cannot be opened too, which is what these are for. */
async function withFile(
  path: string,
  work: (caller: Caller, project: string) => Promise<void>,
): Promise<void> {
  const project = await withProject(path, (_, opened) => Promise.resolve(opened)).catch(
    (error: unknown) => {
      if (error instanceof AppError && error.code === 'corrupt') return null;
      throw error;
    },
  );
  if (project === null) await withEngine({}, (engine) => work(engine, resolve(path)));
  else await withProject(path, work);
}

export function addCheckCommand(program: Command): void {
  program
    .command('check')
    .description('read every page, row and index of a project file and say whether it is whole')
    .argument('<project>', 'project file')
    .option('--json', 'print one JSON document', false)
    .addHelpText(
      'after',
      `
Changes nothing of what is stored, and works beside whoever has the project open. Everything that is not as it was
stored is named: originals, label maps, predictions, weights and pictures by their SHA-256, linked originals where they
lie, rows and indices; and what the project says but its own originals and classes contradict: sizes of images, names
that lead out of a folder, label values that are no class. Originals are read in processes of their own. A damaged file
ends with exit code 3; graft repair brings back what it can.

Examples:
  graft check cells.graft`,
    )
    .action(async (path: string, options: { json: boolean }) => {
      await withFile(path, async (caller, project) => {
        const report = await withProgress((o) => caller.call('project.check', { project }, o));
        const { ok, damaged } = report;
        print(
          options,
          { project, ...report },
          ok
            ? `${basename(project)} is whole: every page, row and index was read.`
            : [
                ...listed(`${basename(project)} is damaged. Not as it was stored:`, damaged),
                `Next: graft repair ${project}`,
              ],
        );
        if (!ok) process.exitCode = EXIT.badInput;
      });
    });

  program
    .command('backup')
    .description('copy a project while it is worked on, as it is at this moment')
    .argument('<project>', 'project file')
    .option('--to <file>', 'where to (default: beside the project, with the time in its name)')
    .option('--json', 'print one JSON document', false)
    .addHelpText(
      'after',
      `
The copy gets its name when it is whole and on the disk. A window makes one by itself on every day on which something
changed, and keeps the last three; before a newer Graft changes the format of a file, it keeps the file as it was.
A backup is a project: open it, or let graft repair take from it what the project has lost.

Examples:
  graft backup cells.graft
  graft backup cells.graft --to /media/usb/cells.graft`,
    )
    .action(async (path: string, options: { to?: string; json: boolean }) => {
      await withProject(path, async (caller, project) => {
        const to = options.to === undefined ? {} : { to: resolve(options.to) };
        const made = await withProgress((o) =>
          caller.call('project.backup', { project, ...to }, o),
        );
        print(options, { project, ...made }, `${made.path} (${megabytes(made.bytes)})`);
      });
    });

  program
    .command('repair')
    .description('bring back what is damaged in a project, from its backups and the original files')
    .argument('<project>', 'project file')
    .option('--from <file...>', 'backups elsewhere; those beside the project are always looked at')
    .option('--json', 'print one JSON document', false)
    .addHelpText(
      'after',
      `
Bytes are put back where their SHA-256 is the one that was stored, from the newest backup that has them, or from the
folder that the images were imported from. Where more is damaged than that, all that can be read goes into a new project
beside the damaged one, which stays as it is. Sizes that an original contradicts give way to what it says, and names that
lead elsewhere to plain ones. What is nowhere to be had, or waits for you, is named; then the exit code is 6.

Examples:
  graft repair cells.graft
  graft repair cells.graft --from /media/usb/cells.graft`,
    )
    .action(async (path: string, options: { from?: string[]; json: boolean }) => {
      await withFile(path, async (caller, project) => {
        const from = (options.from ?? []).map((one) => resolve(one));
        const report = await withProgress((o) =>
          caller.call('project.repair', { project, from }, o),
        );
        const { repaired, lost, copy } = report;
        const nothing = repaired.length + lost.length === 0 && copy === null;
        print(options, { project, ...report }, [
          ...(nothing ? [`${basename(project)} is whole: there is nothing to repair.`] : []),
          ...(copy === null
            ? []
            : [`All that can be read is in ${copy}; ${basename(project)} stays as it is.`]),
          ...listed('Brought back:', repaired),
          ...listed('Not brought back:', lost),
        ]);
        if (lost.length > 0) process.exitCode = EXIT.partial;
      });
    });
}
