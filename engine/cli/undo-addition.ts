/** graft import --into NAME --undo: what was added last is taken back. */
import { AppError } from '../../shared/errors.ts';
import { undoneWords } from '../../shared/addition-words.ts';
import { EXIT } from './exit-codes.ts';
import { withProject } from './host.ts';
import { findDataset } from './lookup.ts';
import { issueLines, print } from './output.ts';

interface UndoOptions {
  readonly into?: string;
  readonly dataset?: string;
  readonly from: string | undefined;
  readonly preview: boolean;
  readonly json: boolean;
}

export async function undoAddition(path: string, options: UndoOptions): Promise<void> {
  const { into, from } = options;
  if (
    into === undefined ||
    options.dataset !== undefined ||
    from !== undefined ||
    options.preview
  ) {
    throw new AppError(
      'invalid-input',
      'To take back what was added last, say no more than the dataset: graft import PROJECT --into NAME --undo.',
    );
  }
  await withProject(path, async (caller, project) => {
    const dataset = await findDataset(caller, project, into);
    const additions = await caller.call('additions.list', { project, datasetId: dataset.id });
    const last = additions.find(({ images, revisions }) => images + revisions > 0);
    if (last === undefined) {
      throw new AppError(
        'not-found',
        `There is nothing to take back: no image or mask that was added to "${dataset.name}" (--into) is there any more.`,
      );
    }
    const undone = await caller.call('additions.undo', { project, additionId: last.id });
    print(options, undone, [
      `what was added from ${undone.path} (${last.createdAt}): ${undoneWords(undone)}`,
      ...issueLines(
        undone.staying.map(({ name, why }) => ({ path: name, severity: 'skip', message: why })),
      ),
      ...(undone.images > 0 ? ['From the bin they come back by graft images restore.'] : []),
    ]);
    if (undone.staying.length > 0) process.exitCode = EXIT.partial;
  });
}
