/** Whether there is anything to learn and to score in the labels of a study (shared/foreground.ts). */
import type { Dataset, SnapshotItem, StudyConfig } from '../../../shared/entities.ts';
import {
  foregroundObstacle,
  holdsForeground,
  type PartLabels,
} from '../../../shared/foreground.ts';
import { partLabels } from '../../data/label-values.ts';
import type { Project } from '../../db/project.ts';
import { labelOrder } from './plan-runs.ts';
import { refuse } from './refuse.ts';

/** Seeds of each label count that are given no foreground at all to learn from. */
export function trainedWithoutForeground(
  project: Project,
  { seeds, firstSeed }: StudyConfig,
  data: {
    readonly labelCounts: readonly number[];
    readonly trainItems: readonly SnapshotItem[];
    readonly hasBackground: boolean;
  },
): { labels: number; seeds: number[] }[] {
  const empty = new Set(
    data.trainItems
      .filter(
        (item) =>
          !partLabels(project, [item]).some(({ values }) =>
            holdsForeground(values, data.hasBackground),
          ),
      )
      .map(({ imageId }) => imageId),
  );
  if (empty.size === 0) return [];
  const ids = data.trainItems.map(({ imageId }) => imageId);
  const orders = Array.from({ length: seeds }, (_, s) => firstSeed + s).map((seed) => ({
    seed,
    firstForeground: labelOrder(ids, seed).findIndex((id) => !empty.has(id)),
  }));
  return data.labelCounts.flatMap((labels) => {
    const without = orders.filter(({ firstForeground }) => firstForeground >= labels);
    return without.length === 0 ? [] : [{ labels, seeds: without.map(({ seed }) => seed) }];
  });
}

/** Errors: invalid-input, where label maps hold nothing to learn or to score. */
export function checkForeground(
  { name, hasBackground }: Dataset,
  labels: readonly PartLabels[],
): void {
  const obstacle = foregroundObstacle(name, labels, hasBackground);
  if (obstacle !== null) refuse(obstacle, name);
}
