/** graft alike: images that are nearly the same view, and groups of them. */
import type { Command } from 'commander';
import { InvalidArgumentError } from 'commander';
import { ALIKE_FROM, alikeGroups, groupingOf, LEAST_SIMILARITY } from '../../shared/alike.ts';
import type { ImageRecord } from '../../shared/entities.ts';
import { counted, fixed, verbFor } from '../../shared/number-format.ts';
import { inWords } from '../../shared/sentences.ts';
import { type Caller, withProgress, withProject } from './host.ts';
import { imagesOf } from './image-names.ts';
import { findDataset } from './lookup.ts';
import { print } from './output.ts';

/** Groups and images of a group beyond these are counted, not listed, unless --json asks for all. */
const LISTED = 40;
const NAMED = 8;

function share(text: string): number {
  const value = Number(text);
  if (!(value >= LEAST_SIMILARITY && value <= 1)) {
    throw new InvalidArgumentError(`Expected a number from ${LEAST_SIMILARITY} to 1.`);
  }
  return value;
}

interface Found {
  readonly images: readonly ImageRecord[];
  /** What became of them as a group, in words; null: nothing was asked for or needed. */
  readonly grouped: string | null;
}

/** Makes one group of alike images, where that overwrites none. */
async function makeGroup(
  caller: Caller,
  project: string,
  { images, taken }: { readonly images: readonly ImageRecord[]; readonly taken: Set<string> },
): Promise<string> {
  const { group, join, apart } = groupingOf(images, taken);
  if (apart.length > 0) {
    return `left as they are: they are in the groups ${inWords(apart)}. If those are one, set it in the window`;
  }
  if (join.length === 0) return `were of the group "${group}" already`;
  taken.add(group);
  await caller.call('images.setGroup', { project, imageIds: [...join], group });
  return `${counted(join.length, 'image')} now of the group "${group}"`;
}

export function addAlikeCommand(program: Command): void {
  program
    .command('alike')
    .description('find images that are nearly the same view, and make groups of them')
    .argument('<project>', 'project file')
    .requiredOption('--dataset <name>', 'dataset to look at')
    .option(
      '--similarity <share>',
      `from there on they count as alike, ${LEAST_SIMILARITY} to 1`,
      share,
      ALIKE_FROM,
    )
    .option('--group', 'make a group of each, so that no split divides them', false)
    .option('--json', 'print one JSON document', false)
    .addHelpText(
      'after',
      `
Found are copies that were shifted, cropped to two thirds or more, turned by quarters, mirrored, made brighter, larger,
smaller or blurred, or compressed anew: frames of one film, crops of one slide. What was looked at once is not looked at
again. A group that is there is extended, never overwritten; images of several groups are left and named. A group keeps
new splits from dividing it; splits that are there stay as they are.

Examples:
  graft alike cells.graft --dataset cells
  graft alike cells.graft --dataset cells --group`,
    )
    .action(
      async (
        path: string,
        options: { dataset: string; similarity: number; group: boolean; json: boolean },
      ) => {
        await withProject(path, async (caller, project) => {
          const { id: datasetId, name } = await findDataset(caller, project, options.dataset);
          const { pairs, unreadable, empty } = await withProgress((o) =>
            caller.call('images.findAlike', { project, datasetId }, o),
          );
          const all = await imagesOf(caller, { project, dataset: { id: datasetId } });
          const byId = new Map(all.map((image) => [image.id, image]));
          const own = pairs.filter((pair) => byId.has(pair.imageId) && byId.has(pair.otherId));
          const taken = new Set(all.flatMap(({ groupName }) => groupName ?? []));
          const groups: Found[] = [];
          for (const ids of alikeGroups(own, options.similarity)) {
            const images = ids.flatMap((id) => byId.get(id) ?? []);
            const grouped = options.group
              ? await makeGroup(caller, project, { images, taken })
              : null;
            groups.push({ images, grouped });
          }
          const nameOf = (id: number) => byId.get(id)?.name;
          const shown = groups.slice(0, LISTED).map(({ images, grouped }) => {
            const names = images.slice(0, NAMED).map((image) => image.name);
            const more = images.length - names.length;
            return `  ${names.join(', ')}${more > 0 ? ` and ${more} more` : ''}${grouped === null ? '' : ` (${grouped})`}`;
          });
          const alike = groups.reduce((sum, { images }) => sum + images.length, 0);
          print(
            options,
            {
              project,
              dataset: name,
              similarity: options.similarity,
              groups: groups.map(({ images, grouped }) => ({
                images: images.map((image) => image.name),
                grouped,
              })),
              pairs: own.map(({ imageId, otherId, similarity }) => ({
                images: [nameOf(imageId), nameOf(otherId)],
                similarity,
              })),
              unreadable,
              empty,
            },
            [
              groups.length === 0
                ? `No two of the ${counted(all.length, 'image')} of "${name}" are alike (from ${fixed(options.similarity, 2)} on).`
                : `${counted(alike, 'image')} of "${name}" ${verbFor(alike, 'are')} alike to another, in ${counted(groups.length, 'set')}:`,
              ...shown,
              ...(groups.length > LISTED
                ? [`  … and ${groups.length - LISTED} more (--json lists all)`]
                : []),
              ...(groups.length > 0 && !options.group
                ? ['Make each a group, so that no new split divides it: --group']
                : []),
              ...(empty.length > 0
                ? [
                    `Not compared, since nothing is to be seen in them: ${empty.slice(0, NAMED).join(', ')}${empty.length > NAMED ? ` and ${empty.length - NAMED} more` : ''}`,
                  ]
                : []),
              ...unreadable.slice(0, LISTED).map((why) => `Not compared: ${why}`),
            ],
          );
        });
      },
    );
}
