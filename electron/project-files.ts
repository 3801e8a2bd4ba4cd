/** Project files among a program's arguments: how a double click on a .graft file arrives. */
import { isAbsolute, resolve } from 'node:path';
import { fileURLToPath } from 'node:url';
import { isProjectName } from '../shared/desktop.ts';

/** `workingFolder`: of the process that was given the arguments. */
export function projectFilesIn(args: readonly string[], workingFolder: string): string[] {
  return args
    .filter((argument) => isProjectName(argument) && !argument.startsWith('-'))
    .map(pathOf)
    .map((path) => (isAbsolute(path) ? path : resolve(workingFolder, path)));
}

/** Some desktops of Linux give files as addresses, with %20 for a blank. */
function pathOf(argument: string): string {
  if (!/^file:/i.test(argument)) return argument;
  try {
    return fileURLToPath(argument);
  } catch {
    // Of another computer: not found, and named as it came.
    return argument;
  }
}
