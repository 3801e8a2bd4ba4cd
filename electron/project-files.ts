/** Project files among a program's arguments: how a double click on a .graft file arrives. */
import { isAbsolute, resolve } from 'node:path';

/** `workingFolder`: of the process that was given the arguments. */
export function projectFilesIn(args: readonly string[], workingFolder: string): string[] {
  return args
    .filter((argument) => argument.endsWith('.graft') && !argument.startsWith('-'))
    .map((path) => (isAbsolute(path) ? path : resolve(workingFolder, path)));
}
