/** Rows of a project's images, decoded where they are asked for: in trainers, each a process of its own. */
import type { ImageRecord } from '../../shared/entities.ts';
import type { Project } from '../db/project.ts';
import { openImage } from './decode.ts';
import { assertSizeAsStored, type OpenImage } from './decoded-image.ts';
import { openOriginal } from './image-source.ts';

/** An original that is read some rows at a time. Errors: those of openOriginal and openImage; corrupt as there. */
export async function openStoredImage(
  project: Pick<Project, 'datasets'>,
  image: ImageRecord,
  options: { readonly bandBytes?: number } = {},
): Promise<OpenImage> {
  const subject = image.linkPath ?? image.name;
  const file = await openOriginal(project, image);
  const { page, channelPages } = image;
  const opened = await openImage(file, { ...options, subject, page, channelPages });
  assertSizeAsStored(image, opened);
  return opened;
}
