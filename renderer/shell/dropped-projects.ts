/** Projects that are dropped on the window, wherever in it. Any other file is the view's affair. */
import { isProjectName, type Desktop } from '../../shared/desktop.ts';

/**
 * Paths of what was dropped, where all of it is projects; null where it is not. In a browser, which tells no paths, an
 * empty list.
 */
export function droppedProjects(
  transfer: Pick<DataTransfer, 'files'> | null,
  desktop: Pick<Desktop, 'pathOf'> | null,
): readonly string[] | null {
  const files = [...(transfer?.files ?? [])];
  if (files.length === 0 || !files.every(({ name }) => isProjectName(name))) return null;
  return desktop === null ? [] : files.map((file) => desktop.pathOf(file));
}
