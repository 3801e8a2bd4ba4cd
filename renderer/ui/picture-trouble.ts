/** Why a picture cannot be shown: an <img> tells that, and not why. */
import { messageOf } from '../../shared/errors.ts';
import type { Api } from '../api.ts';

/** null where it can be shown after all. */
export async function pictureTrouble(api: Api, src: string): Promise<string | null> {
  try {
    await api.fetchPixels(src);
    return null;
  } catch (error) {
    return messageOf(error);
  }
}
