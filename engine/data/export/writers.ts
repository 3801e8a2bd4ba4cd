/** The writer of each format of an export: one that is missing does not compile. */
import type { ExportFormat } from '../../../shared/export-formats.ts';
import { cocoWriter } from './coco.ts';
import { folderWriter } from './folder.ts';
import type { ExportWriter } from './format.ts';

export const EXPORT_WRITERS: Readonly<Record<ExportFormat, ExportWriter>> = {
  folder: folderWriter,
  coco: cocoWriter,
};
