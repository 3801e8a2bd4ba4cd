/** What the Electron shell offers the page, as `window.graftDesktop`. In a browser there is none. */

/** A choice of a file or folder. */
export interface PathRequest {
  readonly mode: 'open-file' | 'open-folder' | 'save-file';
  /** Title of the dialog. */
  readonly title: string;
  /** Word on the button: "Open". */
  readonly verb: string;
  /** Files to choose from, by extension without dot; none: all. */
  readonly extensions?: readonly string[];
  /** Proposed name of a file to be saved. */
  readonly fileName?: string;
}

export interface Desktop {
  /** The system's own dialog; null where the user changed his mind. */
  pickPath(request: PathRequest): Promise<string | null>;
  /** Absolute path of a dropped file. */
  pathOf(file: File): string;
  /** Told of menu items, by the id of the command, and of project files opened from outside. */
  onCommand(listener: (command: string, argument: string | null) => void): () => void;
}
