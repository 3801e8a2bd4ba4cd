/** What a plan knows of the images that its study pretrains on, learns from and tests on. */
import type { Dataset, SnapshotItem } from '../../../shared/entities.ts';
import type { OwnImages } from '../../data/own-labels.ts';
import type { TestSize } from '../../training/protocol.ts';
import type { SplitItem } from '../../db/splits.ts';

export interface StudyData {
  readonly source: Dataset;
  readonly target: Dataset;
  readonly sourceItems: readonly SnapshotItem[];
  /** Which images of the source are the target's own. */
  readonly own: OwnImages;
  readonly targetItems: readonly SnapshotItem[];
  /** Labelled images of the target's train part, in the order of their import. */
  readonly trainImageIds: readonly number[];
  readonly valCount: number;
  readonly testCount: number;
  /** Of the test images, and of what is told apart in them. */
  readonly testSize: TestSize;
  /** Ascending, `all` resolved. */
  readonly labelCounts: readonly number[];
  /** The split to be saved with the study, where the target had none. */
  readonly newSplit: readonly SplitItem[] | null;
  readonly notes: readonly string[];
}
