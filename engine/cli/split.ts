/** graft split: groups of images, and which of them train, validate and test. */
import { resolve } from 'node:path';
import type { Command } from 'commander';
import type { Dataset, Split } from '../../shared/entities.ts';
import { AppError } from '../../shared/errors.ts';
import { sameName } from '../../shared/names.ts';
import { findLeaks } from '../../shared/leaks.ts';
import { counted, verbFor } from '../../shared/number-format.ts';
import { diskReader } from '../data/files.ts';
import { readText } from '../data/import/text-file.ts';
import { integer, number } from './arguments.ts';
import { groupPattern, groupTable, isTable } from './group-by.ts';
import { type Caller, withProject } from './host.ts';
import { imagesOf } from './image-names.ts';
import { findDataset } from './lookup.ts';
import { print, table } from './output.ts';

interface SplitOptions {
  dataset: string;
  name: string;
  val: number;
  test: number;
  seed: number;
  groupBy?: string;
  list: boolean;
  json: boolean;
}

interface Place {
  readonly project: string;
  readonly dataset: Dataset;
}

/** Names for people, the first few of them. */
const firstOf = (names: readonly string[]): string =>
  `${names.slice(0, 3).join(', ')}${names.length > 3 ? ' …' : ''}`;

/** Sets the groups that a pattern or a table tells, and says what they do not tell. */
async function setGroups(caller: Caller, place: Place, groupBy: string): Promise<string[]> {
  const images = await imagesOf(caller, place);
  const names = images.map(({ name }) => name);
  let unknown: readonly string[] = [];
  let groupOf: (name: string) => string | null;
  if (isTable(groupBy)) {
    const path = resolve(groupBy);
    const told = groupTable(await readText(path, diskReader), names);
    ({ unknown } = told);
    groupOf = (name) => told.groups.get(name) ?? null;
  } else {
    groupOf = groupPattern(groupBy);
  }
  const grouped = Map.groupBy(images, ({ name }) => groupOf(name));
  const without = grouped.get(null) ?? [];
  if (without.length === images.length) {
    throw new AppError(
      'invalid-input',
      `"${groupBy}" tells the group of no image of "${place.dataset.name}" (the first: ${names[0] ?? 'none'}). Nothing was changed.`,
    );
  }
  for (const [group, own] of grouped) {
    if (group === null) continue;
    const imageIds = own.map(({ id }) => id);
    await caller.call('images.setGroup', { project: place.project, imageIds, group });
  }
  const groups = grouped.size - (without.length > 0 ? 1 : 0);
  return [
    `${counted(groups, 'group')} of ${counted(images.length - without.length, 'image')}`,
    ...(without.length === 0
      ? []
      : [
          `  ${counted(without.length, 'image')} whose group is not told keep what they had: ${firstOf(without.map(({ name }) => name))}`,
        ]),
    ...(unknown.length === 0
      ? []
      : [
          `  ${counted(unknown.length, 'name')} of the table ${verbFor(unknown.length, 'are')} no image: ${firstOf(unknown)}`,
        ]),
  ];
}

/** Splits that were made before the groups became what they are now, and that separate one of them. */
async function dividedNow(
  caller: Caller,
  place: Place,
  splits: readonly Split[],
): Promise<string[]> {
  const images = new Map((await imagesOf(caller, place)).map((image) => [image.id, image]));
  const lines: string[] = [];
  for (const { id, name } of splits) {
    const items = await caller.call('splits.items', { project: place.project, splitId: id });
    const placed = items.flatMap(({ imageId, part }) => {
      const image = images.get(imageId);
      return image === undefined ? [] : [{ image, side: part }];
    });
    const [first] = findLeaks(placed).filter(({ kind }) => kind === 'group');
    if (first === undefined) continue;
    lines.push(
      `  the split "${name}", made before, separates these groups (${first.name} lies in ${first.sides.join(' and ')}): studies refuse it`,
    );
  }
  return lines;
}

function parseGroupBy(value: string): string {
  if (!isTable(value)) groupPattern(value);
  return value;
}

const splitRow = ({ name, counts }: Split) =>
  [name, counts.train, counts.val, counts.test].map(String);

export function addSplitCommand(program: Command): void {
  program
    .command('split')
    .description('say which images train, validate and test; groups and copies stay together')
    .argument('<project>', 'project file')
    .requiredOption('--dataset <name>', 'dataset')
    .option('--name <name>', 'name of the split', 'default')
    .option('--val <size>', 'share of the images below 1, else their number', number, 0.2)
    .option('--test <size>', 'likewise', number, 0.2)
    .option('--seed <n>', 'another seed, another split', integer, 0)
    .option(
      '--group-by <pattern or table>',
      'groups (patients, slides) that no split separates: a pattern of names in which {group} stands for the group and * for anything, or a table (.csv) with the columns image and group',
      parseGroupBy,
    )
    .option('--list', 'show the splits that there are, and make none', false)
    .option('--json', 'print one JSON document', false)
    .addHelpText(
      'after',
      `
Examples:
  graft split cells.graft --dataset cells --group-by "{group}_*"           (patient7_03.png: patient7)
  graft split cells.graft --dataset cells --name second --seed 1 --group-by patients.csv
  graft study plan cells.graft --target cells --split second …`,
    )
    .action(async (path: string, options: SplitOptions) => {
      await withProject(path, async (caller, project) => {
        const dataset = await findDataset(caller, project, options.dataset);
        const heads = ['split', 'train', 'val', 'test'];
        const splits = await caller.call('splits.list', { project, datasetId: dataset.id });
        if (options.list) {
          print(options, splits, table([heads, ...splits.map(splitRow)]));
          return;
        }
        if (splits.some((one) => sameName(one.name) === sameName(options.name))) {
          throw new AppError(
            'conflict',
            `"${dataset.name}" has a split "${options.name}" already. Choose another --name; --list shows what there is.`,
          );
        }
        const groups =
          options.groupBy === undefined
            ? []
            : await setGroups(caller, { project, dataset }, options.groupBy);
        const { name, val, test, seed } = options;
        const divided =
          groups.length === 0 ? [] : await dividedNow(caller, { project, dataset }, splits);
        const split = await caller.call('splits.create', {
          ...{ project, datasetId: dataset.id, name, val, test, seed },
        });
        const said = [...groups, ...divided];
        print(options, { split, groups: said }, [...said, table([heads, splitRow(split)])]);
      });
    });
}
