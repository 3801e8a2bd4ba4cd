/** What the Electron shell offers the page, as `window.graftDesktop`. In a browser there is none. */

import { z } from 'zod';

/** A choice of a file or folder. */
export const PathRequest = z.object({
  mode: z.enum(['open-file', 'open-folder', 'save-file']),
  /** Title of the dialog. */
  title: z.string(),
  /** Word on the button: "Open". */
  verb: z.string(),
  /** Files to choose from, by extension without dot; none: all. */
  extensions: z.array(z.string()).optional(),
  /** Proposed name of a file to be saved. */
  fileName: z.string().optional(),
});
export type PathRequest = z.infer<typeof PathRequest>;

export interface Desktop {
  /** The system's own dialog; null where none was chosen. */
  pickPath(request: PathRequest): Promise<string | null>;
  /** Absolute path of a dropped file. */
  pathOf(file: File): string;
  /** The first view is on the screen. */
  painted(): void;
  /**
   * Told of menu items by the id of the command; `open-project` comes with a path, `engine-restarted` after the engine
   * had died. Returns how to stop listening.
   */
  onCommand(listener: (command: string, argument: string | null) => void): () => void;
}

/** Whether a file is called as projects are, in capitals or not, as the systems' file types take it. */
export const isProjectName = (name: string): boolean => /\.graft$/i.test(name);
