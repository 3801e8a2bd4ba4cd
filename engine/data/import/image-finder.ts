/**
 * Which file of a folder an image is that a label file names, or belongs to by its own name. Names are looked up among the
 * files of the chosen folder and nowhere else, in their own case first; where several would do, the nearest is taken, and
 * else none.
 */
import { posix } from 'node:path';
import { oneName, sameName } from '../../../shared/names.ts';
import { nameForms } from './coco-places.ts';
import { type FolderTree, isImageName, stemOf } from './folder-tree.ts';

export type FoundFile =
  | { readonly ok: true; readonly file: string }
  | { readonly ok: false; readonly reason: string };

/** 'a_RoiSet.zip' → 'a.zip', as ImageJ's archives are called after images. */
export const withoutRoiSet = (file: string): string => file.replace(/[ _-]*RoiSet(?=\.zip$)/i, '');

export class ImageFinder {
  readonly #byName: ReadonlyMap<string, readonly string[]>;
  readonly #byStem: ReadonlyMap<string, readonly string[]>;

  constructor({ files }: FolderTree) {
    const images = files.filter(isImageName);
    this.#byName = Map.groupBy(images, (file) => oneName(posix.basename(file)));
    this.#byStem = Map.groupBy(images, (file) => oneName(stemOf(file)));
  }

  /** @param name as a file has it, perhaps with folders. @param near the label file, relative to the folder. */
  named(name: string, near: string): FoundFile {
    for (const like of [sameName, oneName]) {
      for (const form of nameForms(name)) {
        const end = like(form.join('/'));
        const matches = (this.#byName.get(oneName(form.at(-1) ?? '')) ?? []).filter((file) => {
          const written = like(file);
          return written === end || written.endsWith(`/${end}`);
        });
        if (matches.length > 0) return nearest(matches, near);
      }
    }
    return { ok: false, reason: `its image ${name} is not found` };
  }

  /** The image that a label file lies beside: a.png of a.json, and of a.png.json. */
  beside(labels: string): FoundFile {
    const stem = stemOf(withoutRoiSet(labels));
    const alike = this.#byName.get(oneName(stem)) ?? this.#byStem.get(oneName(stem)) ?? [];
    const exact = alike.filter((file) =>
      [posix.basename(file), stemOf(file)].map(sameName).includes(sameName(stem)),
    );
    const matches = exact.length > 0 ? exact : alike;
    if (matches.length > 0) return nearest(matches, labels);
    return { ok: false, reason: 'no image of its name is found' };
  }
}

/** The one whose folders are most like those of the label file. */
function nearest(files: readonly string[], near: string): FoundFile {
  const [only] = files;
  if (files.length === 1 && only !== undefined) return { ok: true, file: only };
  const folder = posix.dirname(near);
  const words = new Set([...folder.split('/'), stemOf(near)]);
  const likeness = (file: string) => {
    const own = posix.dirname(file);
    return own === folder ? Infinity : own.split('/').filter((part) => words.has(part)).length;
  };
  const [first, second] = files
    .map((file) => ({ file, like: likeness(file) }))
    .sort((a, b) => b.like - a.like);
  if (first !== undefined && first.like > (second?.like ?? -1))
    return { ok: true, file: first.file };
  const reason = `${files.length} images would do: ${files.slice(0, 3).join(', ')}. Give each a name of its own, or put each beside its labels`;
  return { ok: false, reason };
}
