/** What a plan knows of the images that its study pretrains on, learns from and tests on. */
import type { Dataset, SnapshotItem } from '../../../shared/entities.ts';
import type { OwnImages } from '../../data/own-labels.ts';
import type { TestSize } from '../../training/protocol.ts';
import type { SplitItem } from '../../db/splits.ts';

/** One division of the target, and what may be pretrained on beside it. */
export interface SplitData {
  readonly sourceItems: readonly SnapshotItem[];
  /** Which images of the source are the target's own. */
  readonly own: OwnImages;
  readonly targetItems: readonly SnapshotItem[];
  /** Labelled images of the target's train part, in the order of their import. */
  readonly trainImageIds: readonly number[];
  readonly valCount: number;
  readonly testCount: number;
}

/** What is said of one split is said of the first. */
export interface StudyData extends SplitData {
  readonly source: Dataset;
  readonly target: Dataset;
  /** All splits of the study, one as a rule. */
  readonly splits: readonly SplitData[];
  /** Images that are tested on in any of them. */
  readonly testedCount: number;
  /** Of the test images, and of what is told apart in them. */
  readonly testSize: TestSize;
  /** Ascending, `all` resolved: the smallest train part of all splits, so that arms of all splits have as many labels. */
  readonly labelCounts: readonly number[];
  /** The split to be saved with the study, where the target had none. */
  readonly newSplit: readonly SplitItem[] | null;
  readonly notes: readonly string[];
}
