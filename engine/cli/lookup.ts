/** Datasets, encoders and studies by the names that people type. */
import type { Dataset, Encoder, Model, Split, Study } from '../../shared/entities.ts';
import { AppError } from '../../shared/errors.ts';
import { sameName } from '../../shared/names.ts';
import type { Caller } from './host.ts';

const listNames = (all: readonly { readonly name: string }[]): string =>
  all.map((one) => one.name).join(', ') || 'none';

/** Errors: not-found, with the names there are. */
export async function findDataset(caller: Caller, project: string, name: string): Promise<Dataset> {
  const datasets = await caller.call('datasets.list', { project });
  const found = datasets.find((d) => sameName(d.name) === sameName(name));
  if (found === undefined) {
    throw new AppError(
      'not-found',
      datasets.length === 0
        ? 'This project has no dataset yet. Bring images in with: graft import'
        : `There is no dataset "${name}" (there is: ${listNames(datasets)}).`,
    );
  }
  return found;
}

/** Errors: not-found, with the names there are. */
export async function findModel(caller: Caller, project: string, name: string): Promise<Model> {
  const models = await caller.call('models.list', { project });
  const found = models.find((model) => sameName(model.name) === sameName(name));
  if (found !== undefined) return found;
  throw new AppError(
    'not-found',
    `There is no model "${name}" (there is: ${listNames(models)}). Train one with: graft train`,
  );
}

/** The study of that name, or the newest. Errors: not-found. */
export async function findStudy(
  caller: Caller,
  project: string,
  name: string | undefined,
): Promise<Study> {
  const studies = await caller.call('studies.list', { project });
  const found =
    name === undefined ? studies.at(-1) : studies.find((s) => sameName(s.name) === sameName(name));
  if (found === undefined) {
    throw new AppError(
      'not-found',
      name === undefined
        ? 'This project has no study yet. Make one with: graft study plan'
        : `There is no study "${name}" (there is: ${listNames(studies)}).`,
    );
  }
  return found;
}

/** By name, else by number. Errors: not-found, with the names there are. */
export async function findEncoder(caller: Caller, project: string, name: string): Promise<Encoder> {
  const encoders = await caller.call('encoders.list', { project });
  const found =
    encoders.find((encoder) => sameName(encoder.name) === sameName(name)) ??
    encoders.find((encoder) => String(encoder.id) === name);
  if (found !== undefined) return found;
  throw new AppError(
    'not-found',
    `There is no encoder "${name}" (there is: ${listNames(encoders)}).`,
  );
}

/** Errors: not-found, with the names there are. */
export async function findSplit(
  caller: Caller,
  project: string,
  { dataset, name }: { readonly dataset: Dataset; readonly name: string },
): Promise<Split> {
  const splits = await caller.call('splits.list', { project, datasetId: dataset.id });
  const found = splits.find((split) => sameName(split.name) === sameName(name));
  if (found !== undefined) return found;
  throw new AppError(
    'not-found',
    `"${dataset.name}" has no split "${name}" (there is: ${listNames(splits)}). Make one with: graft split`,
  );
}
