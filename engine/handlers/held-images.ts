/** What images are held by: studies and runs that are made of them, and would be unrepeatable without. */
import type { HeldImage } from '../../shared/api.ts';
import type { ImageRecord } from '../../shared/entities.ts';
import type { Project } from '../db/project.ts';
import { runWords } from './dataset-users.ts';

/** For an image that is held: by what, in words. */
export function holderWords(db: Project, datasetId: number): (imageId: number) => string[] {
  const { studies, runs } = db.imageEdits.holders(datasetId);
  const words = runWords(db);
  return (imageId) => {
    const named = [
      ...(studies.get(imageId) ?? []).map(({ name }) => `the study "${name}"`),
      ...(runs.get(imageId) ?? []).map(({ run }) => words(run)),
    ];
    return named.length > 0 ? named : ['results of a run'];
  };
}

/** Those of some images of a dataset that are held. */
export function heldImages(
  db: Project,
  datasetId: number,
  images: readonly ImageRecord[],
): HeldImage[] {
  const held = db.imageEdits.held(datasetId);
  const own = images.filter(({ id }) => held.has(id));
  if (own.length === 0) return [];
  const by = holderWords(db, datasetId);
  return own.map(({ id, name }) => ({ imageId: id, name, by: by(id) }));
}
