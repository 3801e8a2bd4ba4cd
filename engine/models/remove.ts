/** Deleting a model: what keeps it, and what stays of it. */
import { pronounFor, verbFor } from '../../shared/number-format.ts';
import type { Model } from '../../shared/entities.ts';
import { AppError } from '../../shared/errors.ts';
import { inWords } from '../../shared/sentences.ts';
import type { Project } from '../db/project.ts';
import { parentOf } from './listed.ts';

const goesOn = ({ status }: Model) => status === 'queued' || status === 'running';

/**
 * With its run, weights and scores. What is kept of it, in words. Errors: conflict, where it is being trained, or another
 * model that starts from it is not ended.
 */
export function removeModel(db: Project, model: Model): string[] {
  const { name, runId } = model;
  if (model.status === 'running') {
    throw new AppError(
      'conflict',
      `"${name}" is being trained. Stop its training, then delete it.`,
    );
  }
  const all = db.models.list();
  const children = all.filter((other) => parentOf(db, other, all)?.id === model.id);
  const waiting = children.filter(goesOn);
  if (waiting.length > 0) {
    throw new AppError(
      'conflict',
      `${inWords(waiting.map((one) => `"${one.name}"`))} starts from "${name}" and is not ended yet. Wait for it, or stop it; then delete this one.`,
    );
  }
  db.transaction(() => {
    db.runs.detach(runId);
    db.runs.deleteSingle(runId);
    db.snapshots.dropUnused();
  });
  const kept = ['Images, labels and which images are held out stay as they are.'];
  if (children.length > 0) {
    const names = inWords(children.map((one) => `"${one.name}"`));
    kept.push(
      `${names}, which started from it, ${verbFor(children.length, 'keep')} ${pronounFor(children.length, 'their')} own weights.`,
    );
  }
  return kept;
}
