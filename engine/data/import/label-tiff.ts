/** Label TIFF, as ImageJ and Cellpose write it: uint16 or uint32, a number an object. Pixel for pixel. */
import { objectFolders } from './object-folders.ts';

export const labelTiffLayout = objectFolders({
  format: 'label-tiff',
  files: /(?<!\.ome)\.tiff?$/i,
  words: 'label TIFF',
  areObjects: true,
});
