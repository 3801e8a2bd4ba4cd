/** graft images move | copy: to another dataset of the project. */
import type { ClashChoice, TransferPreview } from '../../shared/api.ts';
import type { Dataset } from '../../shared/entities.ts';
import { counted, countedWith } from '../../shared/number-format.ts';
import { withProgress } from './host.ts';
import { type Flags, inDataset, namedIds } from './image-place.ts';
import { findDataset } from './lookup.ts';
import { print } from './output.ts';

export interface TransferFlags extends Flags {
  to: string;
  clash: ClashChoice;
  newClasses: boolean;
  preview: boolean;
}

const newClassLines = (of: 'labels' | 'images', names: readonly string[]): string[] =>
  names.length === 0 ? [] : [`new classes of ${of}: ${names.join(', ')} (add them: --new-classes)`];

function previewLines(preview: TransferPreview, to: Dataset): string[] {
  const { images, labelled, same, clashes, classes, newClasses, newImageClasses, held } = preview;
  return [
    `${counted(images, 'image')}, ${labelled} labelled`,
    ...(same > 0 ? [`${counted(same, 'image')} in "${to.name}" already: left where they are`] : []),
    ...clashes.map(
      ({ name, free }) =>
        `  ${name} is the name of another image there (keep both: --clash rename, as ${free}; leave it: --clash skip)`,
    ),
    ...classes.map(({ name, becomes }) => `  class ${name} becomes ${becomes}`),
    ...newClassLines(
      'labels',
      newClasses.map(({ name }) => name),
    ),
    ...newClassLines('images', newImageClasses),
    ...(held > 0
      ? [
          `${countedWith(held, 'image', 'stay')} in the bin, since studies or models are made of them, and a copy goes`,
        ]
      : []),
    ...preview.doubts,
  ];
}

export async function transfer(
  path: string,
  names: readonly string[],
  options: TransferFlags & { readonly how: 'move' | 'copy' },
): Promise<void> {
  await inDataset(path, options, async (place) => {
    const { caller, project, dataset } = place;
    const { how, clash, newClasses } = options;
    const to = await findDataset(caller, project, options.to);
    const imageIds = await namedIds(place, names);
    const input = { project, imageIds, toDatasetId: to.id, how, clash };
    if (options.preview) {
      const preview = await withProgress((o) => caller.call('images.previewTransfer', input, o));
      print(options, preview, previewLines(preview, to));
      return;
    }
    const report = await withProgress((o) =>
      caller.call('images.transfer', { ...input, newClasses }, o),
    );
    print(options, report, [
      `${how === 'move' ? 'moved' : 'copied'} ${counted(report.images, 'image')} of "${dataset.name}" to "${to.name}", in no part of its splits`,
      ...(report.same > 0 ? [`  ${report.same} there already: left where they are`] : []),
      ...(clash === 'skip' && report.clashes.length > 0
        ? [`  ${report.clashes.length} left where they are, since their names are taken`]
        : []),
      ...report.renamed.map(({ name, now }) => `  ${name} is called ${now} there`),
      ...report.damagedObjects.map((found) => `  without objects, labels are whole: ${found}`),
      ...(report.held > 0
        ? [`  ${report.held} stay in the bin of "${dataset.name}", since something is made of them`]
        : []),
    ]);
  });
}
