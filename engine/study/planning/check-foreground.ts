/** Whether there is anything to learn and to score in the labels of a study (shared/foreground.ts). */
import type { Dataset, SnapshotItem, StudyConfig } from '../../../shared/entities.ts';
import {
  foregroundObstacle,
  holdsForeground,
  type PartLabels,
} from '../../../shared/foreground.ts';
import { seedsOfStudy, splitOfSeed } from '../../../shared/study-splits.ts';
import { partLabels } from '../../data/label-values.ts';
import type { Project } from '../../db/project.ts';
import { labelOrder } from './plan-runs.ts';
import type { StudyData } from './study-data.ts';
import { refuse } from './refuse.ts';

/** Seeds of each label count that are given no foreground at all to learn from. */
export function withoutForeground(
  project: Project,
  config: StudyConfig,
  { splits, labelCounts, target }: Pick<StudyData, 'splits' | 'labelCounts' | 'target'>,
): { labels: number; seeds: number[] }[] {
  const isEmpty = (item: SnapshotItem) =>
    !partLabels(project, [item]).some(({ values }) =>
      holdsForeground(values, target.hasBackground),
    );
  const empty = new Set(
    (splits[0]?.targetItems ?? []).filter(isEmpty).map(({ imageId }) => imageId),
  );
  if (empty.size === 0) return [];
  const orders = seedsOfStudy(config).map((seed) => {
    const ids = splits[splitOfSeed(config, seed)]?.trainImageIds ?? [];
    return { seed, firstForeground: labelOrder(ids, seed).findIndex((id) => !empty.has(id)) };
  });
  return labelCounts.flatMap((labels) => {
    const without = orders.filter(({ firstForeground }) => firstForeground >= labels);
    return without.length === 0 ? [] : [{ labels, seeds: without.map(({ seed }) => seed) }];
  });
}

/**
 * @param where which of several splits it is, in words; null: there is one
 * @throws AppError invalid-input, where label maps hold nothing to learn or to score
 */
export function checkForeground(
  { name, hasBackground }: Dataset,
  labels: readonly PartLabels[],
  where: string | null,
): void {
  const obstacle = foregroundObstacle(name, labels, hasBackground);
  if (obstacle === null) return;
  refuse(
    where === null ? obstacle : `${obstacle} So it is in ${where}; fewer folds have larger parts.`,
    name,
  );
}
