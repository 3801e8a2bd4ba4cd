import { expect, it } from 'vitest';
import { PRETRAINING_TASKS, type PretrainingTask } from '../../shared/entities.ts';
import {
  imageServes,
  nothingLabelled,
  sourceFacts,
  taskObstacle,
} from '../../shared/task-sources.ts';

const image = (channels: number, labelMapId: number | null, imageClass: number | null) => ({
  channels,
  labelMapId,
  imageClass,
});
const obstacle = (
  task: PretrainingTask,
  images: readonly ReturnType<typeof image>[],
  inputChannels = 3,
) => taskObstacle(task, { source: sourceFacts('cells', images), inputChannels });

it('a task is pretrained where some images have what it learns from, and is refused in words elsewhere', () => {
  const grey = [image(1, null, null)];
  const all = [image(3, 7, 0), image(3, null, 1)];
  for (const task of PRETRAINING_TASKS) expect(obstacle(task, all), task).toBeNull();
  expect(obstacle('autoencoder', grey)).toBeNull();
  expect(obstacle('segmentation', grey)).toMatch(/needs label maps, and "cells" has none/);
  expect(obstacle('classification', grey)).toMatch(/needs image classes, and "cells" has none/);
  expect(obstacle('colourisation', grey)).toMatch(/needs colour images, and "cells" has none/);
  expect(obstacle('colourisation', all, 1)).toMatch(/3 input channels; this one has 1/);
  expect(obstacle('autoencoder', [])).toMatch(/needs images, and "cells" has none/);
  expect(taskObstacle('segmentation', { source: null, inputChannels: 1 })).toBeNull();
});

it('one class is none to tell apart, however many the dataset has names for', () => {
  const one = [image(3, null, 4), image(3, null, 4), image(3, null, null)];
  expect(obstacle('classification', one)).toMatch(/at least two classes, and "cells" has 1/);
});

it('an image serves by what it has', () => {
  expect(imageServes('colourisation', image(4, null, null))).toBe(true);
  expect(imageServes('colourisation', image(2, 1, 1))).toBe(false);
  expect(imageServes('classification', image(1, null, 0))).toBe(true);
  expect(imageServes('segmentation', image(1, null, 0))).toBe(false);
});

it('labels that are excluded are not said to be missing', () => {
  expect(nothingLabelled({ name: 'cells', excludedCount: 0 })).toMatch(/is labelled yet/);
  expect(nothingLabelled({ name: 'cells', excludedCount: 3 })).toMatch(
    /3 of its images are excluded\. Include some again/,
  );
});
