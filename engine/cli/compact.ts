/** graft compact: what takes room in a project file, and giving room back. */
import { basename } from 'node:path';
import type { Command } from 'commander';
import {
  DROPPABLE,
  type Droppable,
  STORED_KINDS,
  type StorageReport,
  type Stored,
} from '../../shared/api.ts';
import { megabytes } from '../../shared/number-format.ts';
import { capitalised, inWords } from '../../shared/sentences.ts';
import { DROPPABLE_WORDS, STORED_WORDS } from '../../shared/storage-words.ts';
import { confirm, withYes, type YesFlag } from './confirm.ts';
import { withProgress, withProject } from './host.ts';
import { print } from './output.ts';

type Options = Readonly<Record<Droppable, boolean>> & {
  readonly dryRun: boolean;
  readonly backup: boolean;
  readonly json: boolean;
} & YesFlag;

const row = (words: string, { count, bytes }: Partial<Stored>) =>
  `  ${words.padEnd(44)} ${megabytes(bytes ?? 0).padStart(12)}${count === undefined ? '' : `  (${count})`}`;

function reportLines(project: string, report: StorageReport, drop: readonly Droppable[]): string[] {
  const freed = drop.reduce(
    (bytes, kind) => bytes + report.droppable[kind].bytes,
    report.freeBytes,
  );
  return [
    `${basename(project)} takes ${megabytes(report.fileBytes)}:`,
    ...STORED_KINDS.map((kind) => row(STORED_WORDS[kind], report.kinds[kind])),
    row('everything else', { bytes: report.otherBytes }),
    row('free pages', { bytes: report.freeBytes }),
    'What can be dropped on request:',
    ...DROPPABLE.map((kind) =>
      row(`--${kind}: ${DROPPABLE_WORDS[kind].title}`, report.droppable[kind]),
    ),
    `Compacting${drop.length === 0 ? '' : ` with ${drop.map((kind) => `--${kind}`).join(' ')}`} would free about ${megabytes(freed)}.`,
    ...(report.needsRewriting
      ? [
          `An older Graft made this file: it is rewritten once, which needs ${megabytes(report.fileBytes - report.freeBytes)} of disk meanwhile.`,
        ]
      : []),
  ];
}

const dropWords = (
  drop: readonly Droppable[],
  { droppable, backup }: Pick<StorageReport, 'droppable'> & { readonly backup: boolean },
): string => {
  const parts = drop.map((kind) => {
    const { count, bytes } = droppable[kind];
    return `${DROPPABLE_WORDS[kind].title} (${count}, ${megabytes(bytes)})`;
  });
  return `${capitalised(inWords(parts))} would be dropped${backup ? ', after a backup' : ', without a backup'}.`;
};

export function addCompactCommand(program: Command): void {
  const command = program
    .command('compact')
    .description('say what takes room in a project file, and give room back to the disk')
    .argument('<project>', 'project file');
  for (const kind of DROPPABLE) {
    command.option(`--${kind}`, `drop, too: ${DROPPABLE_WORDS[kind].what}`, false);
  }
  withYes(command)
    .option('--no-backup', 'drop without a backup of the project as it was')
    .option('--dry-run', 'say what would be freed, and change nothing', false)
    .option('--json', 'print one JSON document', false)
    .addHelpText(
      'after',
      `
Without a flag nothing that is stored goes: pages that deleted things left are given back. Work on the project, training
included, goes on meanwhile. What only an older Graft made is rewritten once; then nothing may be trained.
The history of label maps is thinned by a rule: the current revision stays, and so do those that a study or model holds,
those marked to be kept, the last of each author, all of the last 24 hours; beyond, the last of each hour for a week, of
each day for a month, of each week after. Before anything is dropped the project is backed up, which takes its room as
long as you keep it.

Examples:
  graft compact cells.graft --history --checkpoints --dry-run
  graft compact cells.graft --history --checkpoints
  graft compact cells.graft --history --yes          in a script`,
    )
    .action(async (path: string, options: Options) => {
      const drop = DROPPABLE.filter((kind) => options[kind]);
      await withProject(path, async (caller, project) => {
        if (options.dryRun) {
          const report = await caller.call('project.storage', { project });
          print(options, { project, ...report }, reportLines(project, report, drop));
          return;
        }
        const { backup } = options;
        if (drop.length > 0) {
          const { droppable } = await caller.call('project.storage', { project });
          const some = drop.filter((kind) => droppable[kind].count > 0);
          if (some.length > 0) await confirm(dropWords(some, { droppable, backup }), options);
        }
        const report = await withProgress((o) =>
          caller.call('project.compact', { project, drop, backup }, o),
        );
        const { bytesBefore, bytesAfter } = report;
        print(options, { project, ...report }, [
          ...DROPPABLE.flatMap((kind) => {
            const dropped = report.dropped[kind];
            return dropped === undefined
              ? []
              : [row(`dropped: ${DROPPABLE_WORDS[kind].title}`, dropped)];
          }),
          `${basename(project)} takes ${megabytes(bytesAfter)}; it took ${megabytes(bytesBefore)}.`,
          ...(report.backup === null
            ? []
            : [`As it was: ${report.backup}. Remove it once you are sure.`]),
        ]);
      });
    });
}
