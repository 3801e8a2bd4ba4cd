/** Masks as arrays of NumPy, [height, width]. */
import { objectFolders } from './object-folders.ts';

export const npyLayout = objectFolders({
  format: 'npy',
  files: /\.np[yz]$/i,
  words: 'array',
  areObjects: false,
});
