/** The images of a dataset, however many: read in pages, so that the engine answers others in between. */
import { MAX_IMAGES_A_PAGE } from '../../shared/api.ts';
import type { ImageRecord } from '../../shared/entities.ts';
import type { Api } from '../api.ts';

/** In the order of their import. Images are only ever added behind the others, so that pages fit each other. */
export async function allImages(
  api: Pick<Api, 'call'>,
  query: { readonly project: string; readonly datasetId: number },
): Promise<ImageRecord[]> {
  const found: ImageRecord[] = [];
  for (;;) {
    const page = { ...query, offset: found.length, limit: MAX_IMAGES_A_PAGE };
    const { images, total } = await api.call('images.list', page);
    for (const image of images) found.push(image);
    if (images.length === 0 || found.length >= total) return found;
  }
}
