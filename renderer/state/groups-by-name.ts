/** Groups that names propose: what was cut from one image, or taken of one patient, is often called alike. */
import type { ImageRecord } from '../../shared/entities.ts';

/** Group of every image by what its name has before the last `_`, `-` or digit run; null where there is none. */
export function groupsByName(images: readonly ImageRecord[]): Map<string, number[]> {
  const groups = new Map<string, number[]>();
  for (const image of images) {
    const stem = image.name.replace(/\.[^.]+$/, '');
    const group = /^(.+?)[_-][^_-]+$/.exec(stem)?.[1];
    if (group === undefined) continue;
    groups.set(group, [...(groups.get(group) ?? []), image.id]);
  }
  return groups;
}
