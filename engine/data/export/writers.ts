/** The writer of each format of an export: one that is missing does not compile. */
import type { ExportFormat } from '../../../shared/export-formats.ts';
import { cocoWriter } from './coco.ts';
import { cvatWriter } from './cvat.ts';
import { datumaroWriter } from './datumaro.ts';
import { folderWriter } from './folder.ts';
import type { ExportWriter } from './format.ts';
import { labelTiffWriter } from './label-tiff.ts';
import { imageJWriter } from './imagej-roi.ts';
import { labelmeWriter } from './labelme.ts';
import { quPathWriter } from './qupath.ts';
import { niftiWriter } from './nifti.ts';
import { npyWriter } from './npy.ts';
import { omeTiffWriter } from './ome-tiff.ts';
import { vocWriter } from './voc.ts';
import { yoloWriter } from './yolo.ts';

export const EXPORT_WRITERS: Readonly<Record<ExportFormat, ExportWriter>> = {
  folder: folderWriter,
  coco: cocoWriter,
  labelme: labelmeWriter,
  voc: vocWriter,
  yolo: yoloWriter,
  cvat: cvatWriter,
  datumaro: datumaroWriter,
  qupath: quPathWriter,
  'imagej-roi': imageJWriter,
  'label-tiff': labelTiffWriter,
  'ome-tiff': omeTiffWriter,
  nifti: niftiWriter,
  npy: npyWriter,
};
