/** graft import --into: adding to a dataset that is there. */
import type {
  AdditionHolds,
  AdditionPreview,
  AdditionReport,
  CallInput,
  ClashChoice,
  Placing,
  SameChoice,
} from '../../shared/api.ts';
import { PARTS } from '../../shared/entities.ts';
import { AppError } from '../../shared/errors.ts';
import { counted, verbFor } from '../../shared/number-format.ts';
import { EXIT } from './exit-codes.ts';
import { withProgress, withProject } from './host.ts';
import { doubtLines, valueLines } from './import-lines.ts';
import { findDataset } from './lookup.ts';
import { issueLines, print } from './output.ts';

/** What commander makes of the flags that only additions have. */
export interface AdditionFlags {
  into?: string;
  holds: AdditionHolds;
  same: SameChoice;
  clash: ClashChoice;
  newClasses: boolean;
  undo: boolean;
  split?: string;
  part?: string;
  val: number;
  test: number;
  seed: number;
}

type Input = CallInput<'additions.add'>;

interface AddIntoOptions extends AdditionFlags {
  readonly source: Omit<Input, 'project' | 'datasetId'>;
  readonly link: boolean;
  readonly preview: boolean;
  readonly json: boolean;
}

/** Errors: invalid-input, where one of --split and --part is missing. */
function placingOf({ split, part, val, test, seed }: AdditionFlags): Placing {
  if (split === undefined && part === undefined) return null;
  if (split === undefined || part === undefined) {
    throw new AppError(
      'invalid-input',
      'A part is one of a split: say both --split NAME and --part PART, or neither for new images in no part.',
    );
  }
  const own = PARTS.find((one) => one === part);
  if (own !== undefined) return { how: 'part', split, part: own };
  return part === 'folders' ? { how: 'folders', split } : { how: 'shares', split, val, test, seed };
}

function previewLines(preview: AdditionPreview): string[] {
  const { images, labelled, same, sameWithMasks, clashes, newClasses, newImageClasses } = preview;
  return [
    `${preview.format}: ${preview.why}`,
    ...(preview.holds === 'masks'
      ? [
          `masks alone, of ${counted(preview.revisions, 'image')} that ${verbFor(preview.revisions, 'are')} there`,
        ]
      : [`${counted(images, 'new image')}, ${labelled} with masks`]),
    ...(preview.holds === 'images' && same > 0
      ? [
          `${counted(same, 'image')} there already, ${sameWithMasks} with masks here (take these as new versions of the labels: --same labels)`,
        ]
      : []),
    ...clashes.map(
      ({ name, free }) =>
        `  ${name} is the name of another image there (keep both: --clash rename, as ${free}; leave it out: --clash skip)`,
    ),
    ...(newClasses.length === 0
      ? []
      : [
          `new classes of labels: ${newClasses.map(({ index, name }) => `${index} ${name}`).join(', ')} (add them: --new-classes; or --map values to others)`,
        ]),
    ...(newImageClasses.length === 0
      ? []
      : [`new classes of images: ${newImageClasses.join(', ')} (add them: --new-classes)`]),
    ...valueLines(preview, preview.valueNames),
    ...doubtLines(preview.doubts),
    ...issueLines(preview.issues),
  ];
}

function reportLine(report: AdditionReport, dataset: string): string {
  const { images, labelled, revisions, unchanged, same, skipped, droppedMasks, placed } = report;
  const parts = [
    `${counted(images, 'new image')} (${labelled} labelled)`,
    `${counted(revisions, 'mask')} of images that were there`,
    ...(unchanged > 0 ? [`${unchanged} unchanged`] : []),
    ...(same > 0 ? [`${same} there already`] : []),
    ...(placed > 0 ? [`${placed} in a part`] : []),
    ...(skipped > 0 ? [`${skipped} skipped`] : []),
    ...(droppedMasks > 0 ? [`${counted(droppedMasks, 'mask')} dropped`] : []),
  ];
  return `added to "${dataset}": ${parts.join(', ')}`;
}

export async function addInto(path: string, into: string, options: AddIntoOptions): Promise<void> {
  const placing = placingOf(options);
  const { source, holds, same, clash, newClasses, link } = options;
  await withProject(path, async (caller, project) => {
    const dataset = await findDataset(caller, project, into);
    const input = { ...source, project, datasetId: dataset.id, holds, same, clash };
    if (options.preview) {
      const preview = await withProgress((o) => caller.call('additions.preview', input, o));
      print(options, preview, previewLines(preview));
      return;
    }
    const add = { ...input, newClasses, placing, link };
    const report = await withProgress((o) => caller.call('additions.add', add, o));
    print(options, report, [
      reportLine(report, dataset.name),
      ...doubtLines(report.doubts),
      ...issueLines(report.issues),
    ]);
    if (report.issues.some(({ severity }) => severity === 'skip')) process.exitCode = EXIT.partial;
  });
}
