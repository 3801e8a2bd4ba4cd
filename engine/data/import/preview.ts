/** The first step of an import: looks at everything, writes nothing, and says what would happen. */
import type {
  BackgroundChoice,
  ImportDoubt,
  ImportIssue,
  ImportPreview,
  OneMask,
  PagesAs,
  Progress,
} from '../../../shared/api.ts';
import { PARTS, type Part } from '../../../shared/entities.ts';
import { AppError } from '../../../shared/errors.ts';
import { colourClassZero } from '../class-colors.ts';
import { isBackground } from './background.ts';
import type { MaskReading } from '../../../shared/mask-readings.ts';
import type { DecodedMask } from '../decoded-mask.ts';
import { diskReader, type FileReader } from '../files.ts';
import type { FoundContents } from './found-coco.ts';
import { type ImportSource, readContents } from './formats.ts';
import type { OnLabelFile } from './label-files.ts';
import { classesInto, type Into, intoClasses } from './into-classes.ts';
import { inOrder } from '../in-order.ts';
import {
  FILES_AT_ONCE,
  labelPath,
  type LoadedItem,
  type LoadedLabels,
  loadItem,
  loadLabels,
  type LoadOptions,
  shownPath,
  skipIssue,
} from './load.ts';
import { absentIssues, emptyMasks, maskIssues, unmatchedIssues } from './mask-issues.ts';
import { saidOnce } from './said-once.ts';
import { unnamedDoubts } from './mask-doubts.ts';
import { proposeMapping, type Proposal } from './mask-values.ts';
import { pageName } from '../page-names.ts';
import { placeNamedPages, placePages } from './pages.ts';
import type { ImportItem, ImportPlan, NamedSplit } from './plan.ts';
import {
  describeValues,
  labelsOf,
  ruleMapping,
  type SeenValues,
  totals,
  userMapping,
  type ValueMapping,
  type ValueRule,
} from './value-mapping.ts';

/** Pixels of this many items are read for the preview; the import reads all. */
const SAMPLE = 500;
const IMPORTED_SPLIT = 'imported';

interface Arranged {
  readonly items: readonly ImportItem[];
  readonly issues: readonly ImportIssue[];
}

/** What is different where the images of an import go into a dataset that is there. */
export interface PlannedAddition {
  readonly into: Into;
  /** What the path holds, which was read already. */
  readonly contents: FoundContents;
  /** Tells what is new from what is there: items that are left out, under another name, or `stored`. */
  arrange(items: readonly ImportItem[], root: string): Promise<Arranged>;
  /** Told of each new image. */
  looked(item: ImportItem, image: LoadedItem['image']): void;
}

export interface PlanOptions extends ImportSource {
  readonly reading?: MaskReading;
  /** Mask value ('1', '255', '#ff0000') → class index or 255 (ignore), in the place of what is proposed. */
  readonly mapping?: Readonly<Record<string, number>> | null;
  /** What the pages of a file are; 'auto': what it says itself. */
  readonly pages?: PagesAs;
  readonly oneMask?: OneMask;
  /** auto where it is left out. */
  readonly background?: BackgroundChoice;
  readonly sample?: number;
  /** Where it is all to go into a dataset that is there. */
  readonly addition?: PlannedAddition;
  readonly reader?: FileReader;
  readonly signal?: AbortSignal;
  readonly onProgress?: (progress: Progress) => void;
}

/** Says which file of labels is read, and ends where that was cancelled. */
export const onLabelFile =
  ({ signal, onProgress }: Pick<PlanOptions, 'signal' | 'onProgress'>): OnLabelFile =>
  (file, done, total) => {
    assertNotCancelled(signal);
    onProgress?.({ done, total, message: `Reading ${file}` });
  };

export function assertNotCancelled(signal: AbortSignal | undefined): void {
  if (signal?.aborted === true) {
    throw new AppError('cancelled', 'The import was cancelled; nothing of it was kept.');
  }
}

/**
 * Reads a folder or COCO file and plans its import. Nothing is written.
 * Errors: unreadable (the path), invalid-input (no images), unsupported, cancelled. What is wrong with
 * single files is in `preview.issues`.
 */
export async function planImport(options: PlanOptions): Promise<ImportPlan> {
  const { reader = diskReader, signal, onProgress } = options;
  const { addition } = options;
  const into = addition?.into;
  const { format, why, root, contents } =
    addition?.contents ??
    (await readContents({ ...options, onFile: onLabelFile(options) }, reader));
  const { pages = 'auto' } = options;
  const place = format === 'coco' ? placeNamedPages : placePages;
  const placed = await place(contents.items, {
    ...{ reader, root },
    as: pages,
    oneMask: options.oneMask ?? 'first',
    onFile: () => assertNotCancelled(signal),
  });
  const { severalPages, oneMasks } = placed;
  const { items, issues: arranged }: Arranged = (await addition?.arrange(placed.items, root)) ?? {
    items: placed.items,
    issues: [],
  };
  const layoutIssues = [...contents.issues, ...placed.issues, ...arranged];
  const issues = [...layoutIssues];

  const size = options.sample ?? SAMPLE;
  const sampled = evenly(items, size);
  if (sampled.length < items.length) {
    const message = `pixels of ${sampled.length} of ${items.length} images were looked at; the import checks all`;
    issues.push({ path: options.path, severity: 'info', message });
  }
  const seen: (SeenValues & { path: string; item: ImportItem })[] = [];
  let unreadable = 0;
  let unlabelled = 0;
  let revisions = 0;
  let done = 0;
  const looked = inOrder(sampled, FILES_AT_ONCE, (item) =>
    look(item, { reader, root, evidenceAlone: true }).then(
      (loaded) => ({ item, loaded }),
      (error: unknown) => ({ item, error }),
    ),
  );
  for await (const { item, ...outcome } of looked) {
    assertNotCancelled(signal);
    const path = item.stored?.name ?? shownPath(item.path, root);
    onProgress?.({ done: done++, total: sampled.length, message: `Looking at ${path}` });
    if ('error' in outcome) {
      issues.push(skipIssue(path, outcome.error));
      unreadable++;
      if (item.labels !== null) unlabelled++;
      continue;
    }
    const { mask, issues: found } = outcome.loaded;
    issues.push(...found);
    if ('image' in outcome.loaded) addition?.looked(item, outcome.loaded.image);
    else if (mask !== null) revisions++;
    if (mask !== null) seen.push({ ...evidenceAlone(mask), path: labelPath(item, root), item });
    else if (item.labels !== null && item.stored === undefined) unlabelled++;
  }
  onProgress?.({ done: sampled.length, total: sampled.length, message: 'Looked at all' });

  const proposal = proposalOf(seen, { rule: contents.rule, reading: options.reading, format });
  const given = options.mapping ?? null;
  const named = contents.rule !== null;
  const matched = into === undefined ? null : intoClasses(proposal, seen, { named, into });
  const proposed = matched?.mapping ?? proposal.mapping;
  const chosen = given === null ? proposed : userMapping(given, proposed);
  const mapping =
    matched === null || into === undefined
      ? chosen
      : { ...chosen, classes: classesInto(chosen, { into, nameOf: matched.nameOf }) };
  const doubts = [...(contents.doubts ?? []), ...(matched ?? proposal).doubts].filter(
    (doubt) => !isSettled(doubt, mapping),
  );
  issues.push(...seen.flatMap((mask) => maskIssues(mask.path, mask, mapping)));

  if (given !== null && seen.length > 0) {
    issues.push(...unmatchedIssues(options.path, given, seen, mapping));
  }

  const splits = splitsOf(items, contents.splits ?? []);
  const labels = seen.map((mask) => ({
    part: splits[0]?.partOf.get(pageName(mask.item)) ?? null,
    values: labelsOf(mask, mapping),
  }));
  const hasBackground =
    into?.hasBackground ??
    isBackground(mapping.classes, {
      choice: options.background ?? 'auto',
      said: contents.rule?.hasBackground,
    });
  const classes =
    hasBackground || into !== undefined ? [...mapping.classes] : colourClassZero(mapping.classes);
  if (into === undefined && (given !== null || contents.rule !== null)) {
    issues.push(...absentIssues(options.path, { classes, hasBackground }, labels));
  }
  const values = describeValues(seen, mapping);
  const fresh = items.filter(({ stored }) => stored === undefined);
  const preview: ImportPreview = {
    format,
    why: seen.length === 0 ? why : `${why}; ${mapping.why}`,
    images: fresh.length - unreadable,
    labelled: fresh.filter((item) => item.labels !== null).length - unlabelled,
    classes,
    hasBackground,
    imageClasses: contents.imageClasses,
    values,
    doubts: [...doubts, ...emptyMasks(labels, { hasBackground, values })],
    parts: partCounts(fresh, splits[0]),
    severalPages,
    oneMasks,
    issues: saidOnce(issues),
  };
  return {
    preview,
    path: options.path,
    root,
    pages,
    items,
    revisions,
    mapping,
    valueNames: matched?.nameOf ?? new Map(),
    doubts,
    classes,
    hasBackground,
    imageClasses: contents.imageClasses,
    splits,
    layoutIssues,
  };
}

const look = (item: ImportItem, options: LoadOptions): Promise<LoadedItem | LoadedLabels> => {
  const { stored } = item;
  return stored === undefined ? loadItem(item, options) : loadLabels({ ...item, stored }, options);
};

/** Of a preview, masks leave nothing behind but this. */
function evidenceAlone(mask: DecodedMask): SeenValues {
  const { kind, histogram, cores, slopes, alpha, isNumbered = false } = mask;
  if (alpha === null) return { kind, histogram, cores, slopes, alpha, isNumbered };
  const { hidden, transparent } = alpha;
  const opacity = { histogram: alpha.histogram, cores: alpha.cores, slopes: alpha.slopes };
  return {
    ...{ kind, histogram, cores, slopes, isNumbered },
    alpha: { ...opacity, hidden, transparent },
  };
}

/** Errors: invalid-input, where the layout says what values mean and the user says how they are to be read. */
function proposalOf(
  seen: readonly SeenValues[],
  options: { rule: ValueRule | null; reading: MaskReading | undefined; format: string },
): Proposal {
  const { rule, reading = 'auto', format } = options;
  if (rule === null) return proposeMapping(seen, reading);
  if (reading === 'auto') {
    const unnamed =
      rule.isList === true ? totals(seen).filter(({ name }) => !rule.entries.has(name)) : [];
    const doubts = [...(rule.doubts ?? []), ...unnamedDoubts(unnamed, rule)];
    return { mapping: ruleMapping(rule), doubts };
  }
  throw new AppError(
    'invalid-input',
    `The layout "${format}" says itself what its mask values mean (${rule.why}), so they cannot be read as "${reading}". Leave that out (--read), or map single values (--map).`,
  );
}

/** Whether the user has said what becomes of the values that a doubt is about. */
const isSettled = ({ instead }: ImportDoubt, { rangeOf }: ValueMapping): boolean =>
  rangeOf !== undefined &&
  instead.some(
    ({ mapping }) => mapping !== null && Object.keys(mapping).every((value) => rangeOf.has(value)),
  );

/** Every k-th item, so that a sample reaches all of the folder. */
function evenly<T>(items: readonly T[], count: number): readonly T[] {
  if (items.length <= count) return items;
  return Array.from(
    { length: count },
    (_, i) => items[Math.floor((i * items.length) / count)],
  ).filter((item) => item !== undefined);
}

/** Splits of files beside the images, and the one that the folders themselves make. */
function splitsOf(items: readonly ImportItem[], named: readonly NamedSplit[]): NamedSplit[] {
  const partOf = new Map<string, Part>();
  for (const item of items) if (item.part !== null) partOf.set(pageName(item), item.part);
  const own = partOf.size === 0 ? [] : [{ name: IMPORTED_SPLIT, partOf }];
  const beside = named.map((split) => (split.isOfFiles === true ? ofImages(split, items) : split));
  return [...own.filter((split) => beside.every((n) => n.name !== split.name)), ...beside];
}

/** A split of files as one of the images that they hold: these form a group that is called as the file is. */
function ofImages({ name, partOf }: NamedSplit, items: readonly ImportItem[]): NamedSplit {
  const parts = items.flatMap((item) => {
    const part = partOf.get(item.group ?? item.name);
    return part === undefined ? [] : [[pageName(item), part] as const];
  });
  return { name, partOf: new Map(parts) };
}

function partCounts(
  items: readonly ImportItem[],
  split: NamedSplit | undefined,
): Partial<Record<Part, number>> {
  if (split === undefined) return {};
  const parts = items.map((item) => split.partOf.get(pageName(item)));
  return Object.fromEntries(PARTS.map((part) => [part, parts.filter((p) => p === part).length]));
}
