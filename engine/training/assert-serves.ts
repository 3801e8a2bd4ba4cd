/** Whether the images of a run have what its task learns from, looked at before it begins. */
import type { RunConfig } from '../../shared/entities.ts';
import { AppError } from '../../shared/errors.ts';
import type { Project } from '../db/project.ts';
import type { RunData } from './batches/run-data.ts';
import { rowsOf, squeezed } from './images/image-rows.ts';
import { piecesOf } from './images/row-pieces.ts';
import { withInput } from './images/tiles.ts';

/** Images that are looked at, evenly spread over the training images. */
const LOOKED_AT = 16;

/** Errors: invalid-input, where none of a few images has what the task learns from; those of readTile. */
export async function assertServes(
  project: Project,
  config: RunConfig,
  data: RunData,
): Promise<void> {
  const { accepts, train: images } = data;
  if (accepts === null) return;
  const every = Math.ceil(images.length / LOOKED_AT);
  for (const request of images.filter((_, i) => i % every === 0)) {
    const of = { image: request.image, channels: config.network.inputChannels };
    const serves = await withInput(project, of, async (input) => {
      const { mode, sizePx } = config.sampling;
      const image = mode === 'resize' ? rowsOf(await squeezed(input, sizePx)) : input;
      for (const { top, count } of piecesOf(image)) {
        if (accepts(await image.rows(top, count))) return true;
      }
      return false;
    });
    if (serves) return;
  }
  throw new AppError(
    'invalid-input',
    'The images have three channels, but no colour: there is none to find. Choose colour images, or another task.',
  );
}
