/** The dataset that nobody sees, which images are written into before they come into theirs in one transaction. */
import type { Dataset } from '../../../shared/entities.ts';
import { AppError } from '../../../shared/errors.ts';
import type { Project } from '../../db/project.ts';

/** Returns its id; what a crash leaves of it goes when the project is opened. Errors: conflict, where there is one already. */
export function beginStaging(project: Project, { id, name }: Pick<Dataset, 'id' | 'name'>): number {
  const staged = `${name} (addition)`.slice(0, 200);
  if (project.datasets.isNameTaken(staged)) {
    throw new AppError(
      'conflict',
      `Something is being added to "${name}" already. Wait until that is done.`,
      { subject: name },
    );
  }
  return project.datasets.begin({
    name: staged,
    origin: { kind: 'addition', into: id },
    classes: [],
  });
}

/** Moved or not, nothing is kept there; where even that fails, it goes when the project is opened next. */
export function endStaging(project: Project, staged: number): void {
  try {
    project.transaction(() => project.datasets.delete(staged));
  } catch (error) {
    if (!(error instanceof Error)) throw error;
  }
}
