/** How the label file of an image is called where each image has one: after the image. */
import type { ImageRecord } from '../../../shared/entities.ts';
import { stemOf } from '../import/folder-tree.ts';
import type { ExportContext } from './format.ts';

/** 'a' for a.png; 'a.png' where another image is called a, too. */
export function besideNames({
  images,
  fileName,
}: Pick<ExportContext, 'images' | 'fileName'>): (image: ImageRecord) => string {
  const names = new Set(images.map(fileName));
  const withStem = new Map<string, number>();
  for (const name of names) {
    for (const key of [stemOf(name), name].map((one) => one.toLowerCase())) {
      withStem.set(key, (withStem.get(key) ?? 0) + 1);
    }
  }
  return (image) => {
    const name = fileName(image);
    return (withStem.get(stemOf(name).toLowerCase()) ?? 0) > 1 ? name : stemOf(name);
  };
}
