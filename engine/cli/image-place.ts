/** Images of a dataset as commands name them: where they are, and whom to ask. */
import type { Command } from 'commander';
import type { Dataset } from '../../shared/entities.ts';
import { type Caller, withProject } from './host.ts';
import { imagesNamed, imagesOf } from './image-names.ts';
import { findDataset } from './lookup.ts';

export interface Flags {
  dataset: string;
  json: boolean;
}

export interface Place {
  readonly caller: Caller;
  readonly project: string;
  readonly dataset: Dataset;
}

/** The ids of those that are named. Errors: not-found. */
export async function namedIds(place: Place, names: readonly string[]): Promise<number[]> {
  const images = await imagesOf(place.caller, place);
  return imagesNamed(images, names, `"${place.dataset.name}"`).map(({ id }) => id);
}

export const withFlags = (command: Command): Command =>
  command
    .requiredOption('--dataset <name>', 'dataset')
    .option('--json', 'print one JSON document', false);

export async function inDataset(
  path: string,
  { dataset: name }: Flags,
  work: (place: Place) => Promise<void>,
): Promise<void> {
  await withProject(path, async (caller, project) => {
    await work({ caller, project, dataset: await findDataset(caller, project, name) });
  });
}
