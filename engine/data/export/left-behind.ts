/**
 * What of an export cannot be written: one image that is damaged, whose original cannot be read or whose name no file can
 * have there costs that image alone, and is named. What the disk refuses to any file ends the export.
 */
import type { ImageRecord } from '../../../shared/entities.ts';
import { AppError } from '../../../shared/errors.ts';
import { fileNameProblem } from '../../../shared/names.ts';
import { DamageError } from '../../db/project.ts';
import { WriteError } from '../write-file.ts';

const RENAME = 'Rename it in the library, or with graft images rename, and export it again.';

/** Any other ends the whole export, whichever image met it. */
const isOfImage = (error: unknown): error is AppError =>
  error instanceof AppError &&
  !(error instanceof WriteError && !error.isOfName) &&
  !['cancelled', 'internal', 'no-space', 'locked'].includes(error.code);

export class LeftBehind {
  /** Damaged in the project, in words. */
  readonly damaged: string[] = [];
  /** Of what is not damaged, in words, with what to do. */
  readonly troubles: string[] = [];

  /** Images whose names lead nowhere but into the folder; the others are left behind. */
  named(images: readonly ImageRecord[]): readonly ImageRecord[] {
    return images.filter(({ name }) => {
      const problem = fileNameProblem(name);
      if (problem === null) return true;
      const shown = JSON.stringify(name.slice(0, 100));
      this.troubles.push(`The image ${shown} was left out: its name ${problem}. ${RENAME}`);
      return false;
    });
  }

  /** Returns whether it was done. Errors: those of `work` that are not of this image alone. */
  async unlessOf({ name }: { readonly name: string }, work: () => Promise<void>): Promise<boolean> {
    try {
      await work();
      return true;
    } catch (error) {
      if (!isOfImage(error)) throw error;
      if (error.code === 'corrupt')
        this.damaged.push(error instanceof DamageError ? error.found : error.message);
      else if (error instanceof WriteError)
        this.troubles.push(`${name} was left out: ${error.reason}. ${RENAME}`);
      else this.troubles.push(`${name} was left out: ${error.message}`);
      return false;
    }
  }
}
