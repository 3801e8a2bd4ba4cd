/** OME-TIFF masks: what the metadata say of channels, slices and times is read by ome-description.ts. */
import { objectFolders } from './object-folders.ts';

export const omeTiffLayout = objectFolders({
  format: 'ome-tiff',
  files: /\.ome\.tiff?$/i,
  words: 'OME-TIFF',
  areObjects: false,
});
