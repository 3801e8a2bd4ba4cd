/**
 * Who is who among the pretrained networks of a study. A key is the task's name, a name of its own, or the number of an
 * encoder that was there before; keys are what runs, results and charts carry, in the order of the study's list.
 */
import {
  PRETRAINING_TASKS,
  type PretrainingKey,
  type PretrainingPlan,
  type PretrainingTask,
  type TaskPretraining,
} from './entities.ts';
import { PRETRAINING_TASK_FACTS } from './pretraining-tasks.ts';

export function pretrainingKey(plan: PretrainingPlan): PretrainingKey {
  return plan.name ?? ('task' in plan ? plan.task : `encoder ${plan.encoderId}`);
}

export const isTaskPretraining = (plan: PretrainingPlan): plan is TaskPretraining => 'task' in plan;

/** null: the key is a name of its own. */
function taskNamed(key: PretrainingKey): PretrainingTask | null {
  return PRETRAINING_TASKS.find((task) => task === key) ?? null;
}

/** At the start of a label: "Segmentation"; a name of its own stays as it was given. */
export function pretrainingTitle(key: PretrainingKey): string {
  const task = taskNamed(key);
  return task === null ? key : PRETRAINING_TASK_FACTS[task].title;
}

/** Within a sentence: "segmentation", but "SimCLR" and names as they were given. */
export function pretrainingInText(key: PretrainingKey): string {
  const title = pretrainingTitle(key);
  const isWord = taskNamed(key) !== null && /^[A-Z][^A-Z]*$/.test(title.split(' ')[0] ?? '');
  return isWord ? title.charAt(0).toLowerCase() + title.slice(1) : title;
}
