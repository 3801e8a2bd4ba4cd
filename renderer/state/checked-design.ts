/** From what is chosen in the form of a study to its configuration, or to what is missing. */
import { type PretrainingPlan, StudyConfig } from '../../shared/entities.ts';
import type { StudyDesign } from './study-design.ts';

/** `missing`: the reason in words. */
export function checkedDesign(
  design: StudyDesign,
  chosen: readonly PretrainingPlan[],
): { config: StudyConfig } | { missing: string } {
  const parsed = StudyConfig.safeParse({
    ...design,
    name: design.name.trim(),
    pretrainings: chosen,
  });
  if (parsed.success) return { config: parsed.data };
  const [issue] = parsed.error.issues;
  const field = issue?.path[0];
  if (field === 'name') return { missing: 'Give the study a name.' };
  if (field === 'sourceDatasetId' || field === 'targetDatasetId') {
    return { missing: 'Choose both datasets.' };
  }
  if (field === 'splits') {
    return {
      missing:
        'Write folds as a whole number from 2 to 20, and how often they are divided as one from 1 to 20.',
    };
  }
  return { missing: `${String(field)}: ${issue?.message ?? 'not valid'}` };
}
