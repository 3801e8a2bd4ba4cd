/** Where the masks of a folder are, as somebody says it: in a folder, or in files whose names end in something. */
import { posix } from 'node:path';
import { AppError } from '../../../shared/errors.ts';
import { oneName } from '../../../shared/names.ts';
import { matchFolders } from './folder-match.ts';
import { isImageName, stemOf } from './folder-tree.ts';
import { type FileRole, imageKey } from './pairing.ts';
import { partOfPath } from './folder-names.ts';

export interface MaskPlace {
  /** As it was said, for messages. */
  readonly said: string;
  isMask(file: string): boolean;
  /** Keys of the image that a mask belongs to; null: by the names of the files in either folder. */
  keyOf(file: string): string | null;
}

/**
 * 'masks/' (or 'masks'): files beneath that folder; '*_gt': names that end so before their ending; '*.png': files of that
 * ending. In whichever case and Unicode form.
 * Errors: invalid-input (neither).
 */
export function readMaskPlace(said: string): MaskPlace {
  const end = said.startsWith('*') ? oneName(said.slice(1)) : null;
  if (end === null) {
    const folder = oneName(posix.normalize(said.replaceAll('\\', '/')).replace(/\/$/, ''));
    if (folder === '' || folder === '.' || folder.includes('*') || folder.startsWith('..')) {
      throw new AppError(
        'invalid-input',
        `"${said}" says of no files that they are masks. Name a folder of the import (masks/), or the end of their names behind an asterisk ("*_gt", "*.png").`,
      );
    }
    const inside = (file: string) => oneName(file).startsWith(`${folder}/`);
    return { said, isMask: inside, keyOf: () => null };
  }
  if (isImageName(`x${end}`) && stemOf(`x${end}`) === 'x') {
    return { said, isMask: (file) => oneName(file).endsWith(end), keyOf: imageKey };
  }
  const isMask = (file: string): boolean => {
    const stem = oneName(stemOf(file));
    return end !== '' && stem.length > end.length && stem.endsWith(end);
  };
  const keyOf = (file: string) => {
    const stem = oneName(stemOf(file));
    return posix.join(posix.dirname(file), stem.slice(0, stem.length - end.length));
  };
  return { said, isMask, keyOf };
}

/** Roles by what was said; whatever is no mask is an image. Errors: invalid-input, where no file is such a mask. */
export function rolesByPlace(files: readonly string[], place: MaskPlace) {
  const masks = files.filter((file) => place.isMask(file));
  const images = files.filter((file) => !place.isMask(file));
  if (masks.length === 0 || images.length === 0) {
    const what = masks.length === 0 ? 'no image file is' : 'every image file is';
    throw new AppError(
      'invalid-input',
      `${what} a mask as "${place.said}" says. Name a folder beside the images, relative to what is imported (masks/), or the end of names behind an asterisk ("*_gt", "*.png").`,
    );
  }
  const match = matchFolders(
    images,
    masks.filter((file) => place.keyOf(file) === null),
  );
  const masked = new Set(masks);
  return {
    issues: match.issues,
    roleOf(file: string): FileRole {
      if (masked.has(file)) {
        const image = match.imageOf.get(file);
        const key = place.keyOf(file) ?? (image === undefined ? file : imageKey(image));
        return { role: 'mask', keys: [key] };
      }
      const part = partOfPath(file);
      return { role: 'image', key: imageKey(file), ...(part === undefined ? {} : { part }) };
    },
  };
}
