/** How a call says which project it is about. */
import { FilePath } from '../limits.ts';

/** Absolute path of a project file that the engine has open. */
export const project = FilePath;
