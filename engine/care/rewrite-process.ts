/**
 * Entry of the process that rewrites a project file: one call of SQLite that may take minutes and is ended by ending its
 * process. Arguments: the project, and the name of the new file until it is whole.
 */
import { toWireError } from '../../shared/errors.ts';
import { rewriteFile } from '../db/compact.ts';
import { endWithParent } from '../parent-watch.ts';
import type { RewriteAnswer } from './rewrite.ts';

const [, , path = '', part = ''] = process.argv;
endWithParent();

function rewrite(): RewriteAnswer {
  try {
    rewriteFile(path, part);
    return { error: null };
  } catch (error) {
    return { error: toWireError(error) };
  }
}

process.send?.(rewrite(), () => process.disconnect());
