/** How large a pixel of an image is: as somebody typed it, else as its file says. */
import type { ImageRecord } from '../../shared/entities.ts';
import { AppError } from '../../shared/errors.ts';
import type { PixelSize } from '../../shared/pixel-size.ts';
import type { Project } from '../db/project.ts';
import { originalPixelSize } from './image-source.ts';

interface Scale {
  readonly pixelSize: PixelSize | null;
  /** Where it stands, or why none is used; null: nothing is said of it. */
  readonly pixelSizeFrom: string | null;
}

/** Files that cannot be read: whoever reads their samples hears of it. */
const isOfFile = (error: unknown): error is AppError =>
  error instanceof AppError && ['unreadable', 'corrupt', 'unsupported'].includes(error.code);

/** `typed`: by image. */
export async function scaleOf(
  db: Project,
  image: ImageRecord,
  typed: ReadonlyMap<number, PixelSize>,
): Promise<Scale> {
  const own = typed.get(image.id);
  if (own !== undefined) return { pixelSize: own, pixelSizeFrom: 'typed' };
  try {
    const found = await originalPixelSize(db, image);
    return { pixelSize: found?.pixelSize ?? null, pixelSizeFrom: found?.why ?? null };
  } catch (error) {
    if (!isOfFile(error)) throw error;
    return { pixelSize: null, pixelSizeFrom: null };
  }
}
