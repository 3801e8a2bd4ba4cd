/** Formats in which weights are written to a file, for menus. */
import Save from '@lucide/svelte/icons/save';
import type { ExportedModel, ModelFormat } from '../../../shared/api.ts';
import { megabytes } from '../../../shared/number-format.ts';
import type { CallOptions } from '../../api.ts';
import type { AppState } from '../../state/app.svelte.ts';
import type { MenuEntry } from '../../ui/menu-entry.ts';

const FORMATS: Readonly<Record<ModelFormat, { label: string; extension: string }>> = {
  graft: { label: 'Save as safetensors …', extension: 'safetensors' },
  keras: { label: 'Save as a Keras model …', extension: 'h5' },
  onnx: { label: 'Save as ONNX …', extension: 'onnx' },
  bioimage: { label: 'Save for bioimage.io …', extension: 'zip' },
};

/** `write` writes what is called `name`, a `kind`, to the file that the user has chosen. */
export function saveEntries<Format extends ModelFormat>(
  app: AppState,
  what: {
    readonly formats: readonly Format[];
    readonly kind: string;
    readonly name: string;
    readonly write: (
      file: { readonly format: Format; readonly path: string },
      options: CallOptions,
    ) => Promise<ExportedModel>;
  },
): MenuEntry[] {
  const save = async (format: Format, extension: string): Promise<void> => {
    const fileName = `${what.name.replaceAll(/[^\p{L}\p{N} _-]/gu, '')}.${extension}`;
    const path = await app.pick({
      mode: 'save-file',
      title: `Save the ${what.kind}`,
      verb: 'Save',
      extensions: [extension],
      fileName,
    });
    if (path === null) return;
    const { bytes, notes } = await app.jobs.run(`Saving the ${what.kind}`, (options) =>
      what.write({ format, path }, options),
    );
    app.toasts.show('good', [`${path}, ${megabytes(bytes)}.`, ...notes].join(' '));
  };
  return what.formats.map((format) => {
    const { label, extension } = FORMATS[format];
    return { label, icon: Save, run: () => app.attempt(() => save(format, extension)) };
  });
}
