/** Masks as NIfTI-1, one slice a file: voxel (i, j, 0) is the pixel x = i, y = j. */
import { encodeNifti } from '../nifti.ts';
import { folderOf } from './folder.ts';

export const niftiWriter = folderOf({
  extension: '.nii.gz',
  classes: (map, { pixelSize }) => encodeNifti(map, pixelSize),
  objects: encodeNifti,
  hasPixelSize: true,
});
