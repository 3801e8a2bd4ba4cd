/** A study before it is one: what a new design begins with, and which pretrainings it offers. */
import {
  NetworkConfig,
  PRETRAINING_TASKS,
  type PretrainingPlan,
  type PretrainingTask,
  SamplingConfig,
  StudyConfig,
  TaskPretraining,
} from '../../shared/entities.ts';
import { finetuningPreset, pretrainingPreset, SEEDS_OF_MODE } from '../../shared/presets.ts';
import { isTaskPretraining } from '../../shared/pretrainings.ts';

/** A configuration in which datasets may still have to be chosen, and pretrainings may have no arms. */
export type StudyDesign = Omit<StudyConfig, 'sourceDatasetId' | 'targetDatasetId'> & {
  sourceDatasetId: number | null;
  targetDatasetId: number | null;
};

/** Every task is offered; what has no transfers is not part of the study. */
const offeredTask = (task: PretrainingTask, like?: TaskPretraining): PretrainingPlan =>
  TaskPretraining.parse({
    task,
    optimisation: like?.optimisation ?? pretrainingPreset('quick'),
    deepDecoderBlocks: like?.deepDecoderBlocks,
    encoderRate: like?.encoderRate,
    transfers: ['encoder'],
  });

const without = (plan: PretrainingPlan): PretrainingPlan => ({ ...plan, transfers: [] });

/** Tasks that no plan names yet stand behind the others, without arms. */
export function withAllTasks(plans: readonly PretrainingPlan[]): PretrainingPlan[] {
  const tasks = plans.filter(isTaskPretraining);
  const missing = PRETRAINING_TASKS.filter((task) => !tasks.some((plan) => plan.task === task));
  return [...plans, ...missing.map((task) => without(offeredTask(task, tasks[0])))];
}

/** What a new study begins with, before its datasets are known. */
export function firstDesign(): StudyDesign {
  const plans = PRETRAINING_TASKS.map((task) => without(offeredTask(task)));
  const parts = StudyConfig.omit({ sourceDatasetId: true, targetDatasetId: true }).parse({
    name: 'Study',
    network: NetworkConfig.parse({}),
    sampling: SamplingConfig.parse({}),
    pretrainings: [offeredTask('segmentation')],
    finetuning: finetuningPreset('quick'),
    labelCounts: [4, 16],
    seeds: SEEDS_OF_MODE.quick,
    mode: 'quick',
  });
  return {
    ...parts,
    name: '',
    sourceDatasetId: null,
    targetDatasetId: null,
    pretrainings: plans.map((plan) =>
      isTaskPretraining(plan) && plan.task === 'segmentation'
        ? { ...plan, transfers: ['encoder', 'encoder+decoder'] }
        : plan,
    ),
  };
}
