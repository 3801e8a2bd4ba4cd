/** Importing as the engine's calls need it: a preview that writes nothing, and the import itself. */
import type { ImportPreview, ImportReport } from '../../../shared/api.ts';
import type { Project } from '../../db/project.ts';
import { planImport, type PlanOptions } from './preview.ts';
import { assertNameFree, carryOutImport, type CarryOutOptions } from './run.ts';

/** What to import, and how its mask values are to be read. */
export type ImportRequest = Pick<
  PlanOptions,
  | 'format'
  | 'path'
  | 'imagesDir'
  | 'masks'
  | 'reading'
  | 'mapping'
  | 'pages'
  | 'oneMask'
  | 'background'
>;
export type PreviewOptions = Pick<PlanOptions, 'signal' | 'onProgress' | 'reader' | 'sample'>;
export type RunImportOptions = CarryOutOptions;

/** What an import would do. Errors: those of planImport. */
export async function previewImport(
  request: ImportRequest,
  options: PreviewOptions = {},
): Promise<ImportPreview> {
  return (await planImport({ ...request, ...options })).preview;
}

/** Plans an import and carries it out. Errors: those of planImport and carryOutImport. */
export async function runImport(
  project: Project,
  request: ImportRequest,
  options: RunImportOptions,
): Promise<ImportReport> {
  assertNameFree(project, options.datasetName);
  const { signal, onProgress, reader } = options;
  const plan = await planImport({
    ...request,
    ...(signal === undefined ? {} : { signal }),
    ...(onProgress === undefined ? {} : { onProgress }),
    ...(reader === undefined ? {} : { reader }),
  });
  return carryOutImport(project, plan, options);
}
