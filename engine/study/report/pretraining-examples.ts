/** The pictures that a pretraining left, as the window and the report show them. */
import type { PretrainingExample } from '../../../shared/analysis.ts';
import type { Project } from '../../db/project.ts';

/** Empty where the run is not done, was made before there were pictures, or is no pretraining. */
export const pretrainingExamples = (
  db: Pick<Project, 'datasets' | 'examples'>,
  runId: number,
): PretrainingExample[] =>
  db.examples.ofRun(runId).map(({ imageId, caption, panels }) => ({
    imageName: db.datasets.image(imageId)?.name ?? '',
    caption,
    panels: panels.map(({ title, png }) => ({
      title,
      png: `data:image/png;base64,${Buffer.from(png).toString('base64')}`,
    })),
  }));
