/** NIfTI masks: slices along the third axis, voxel (i, j) the pixel x = i, y = j. */
import { objectFolders } from './object-folders.ts';

export const niftiLayout = objectFolders({
  format: 'nifti',
  files: /\.nii(\.gz)?$/i,
  words: 'NIfTI file',
  areObjects: false,
});
