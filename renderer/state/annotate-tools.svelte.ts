/** What is in hand: tool, class, size, and the editor that works with them. Which image it works on is annotate's. */
import { BACKGROUND, IGNORE, type SegmentationClass } from '../../shared/entities.ts';
import { Editor, type EditorHost, ZOOM_STEP } from '../canvas/editor.ts';
import { clampSize, DEFAULT_SETTINGS, type EditorSettings } from '../canvas/editor-settings.ts';
import { type ToolName, TOOLS } from '../canvas/tools/all-tools.ts';
import type { ToolDescriptor } from '../canvas/tools/tool.ts';
import { fit, screenPoint, zoomAt } from '../canvas/viewport.ts';

export class AnnotateTools {
  readonly editor: Editor;
  settings = $state.raw<EditorSettings>(DEFAULT_SETTINGS);
  /** Device pixels per image pixel. */
  zoom = $state.raw(1);
  readonly #classes: () => readonly SegmentationClass[];
  readonly #blank: () => number;
  /** The class that X goes back to from what erasing leaves. */
  #lastClass: number;

  constructor(
    host: Omit<EditorHost, 'settings' | 'setSettings'> & {
      readonly classes: () => readonly SegmentationClass[];
      /** What erasing leaves. */
      readonly blank: () => number;
    },
    settings: EditorSettings,
  ) {
    this.#classes = host.classes;
    this.#blank = host.blank;
    // There is no prediction yet to take from.
    const { needsPrediction, needsNetwork } = TOOLS[settings.tool];
    this.settings =
      needsPrediction === true || needsNetwork === true ? { ...settings, tool: 'brush' } : settings;
    this.#lastClass =
      settings.value === BACKGROUND || settings.value === IGNORE ? 1 : settings.value;
    this.editor = new Editor({
      settings: () => this.settings,
      setSettings: (settings) => (this.settings = settings),
      strokeLabel: (tool, options) => host.strokeLabel(tool, options),
      committed: (tool) => host.committed(tool),
      onceWhole: (take) => host.onceWhole(take),
      takeBack: () => host.takeBack(),
      predict: (area) => host.predict(area),
      prompt: (prompts) => host.prompt(prompts),
      nextProposal: () => host.nextProposal(),
      changed: (what) => {
        if (what === 'view') this.zoom = this.editor.view.zoom;
        host.changed(what);
      },
    });
  }

  /** What is known of the tool in hand. */
  get kind(): ToolDescriptor {
    return TOOLS[this.settings.tool];
  }

  setTool(tool: ToolName): void {
    this.editor.setSettings({ tool });
  }

  setClass(value: number): void {
    if (value !== this.#blank()) this.#lastClass = value;
    this.editor.setSettings({ value });
  }

  /** Class and what erasing leaves change places. */
  swapClass(): void {
    const blank = this.#blank();
    this.setClass(this.settings.value === blank ? this.#lastClass : blank);
  }

  /** The class before or after in the list, round and round. */
  stepClass(by: 1 | -1): void {
    const classes = this.#classes();
    const at = classes.findIndex(({ index }) => index === this.settings.value);
    const next = classes[(at + by + classes.length) % classes.length];
    if (next !== undefined) this.setClass(next.index);
  }

  /** Steps of the size, or of the wand's tolerance: one pixel for small brushes, a twentieth for large ones. */
  stepSize(steps: number): void {
    const { tolerance } = this.settings;
    const { adjusts = 'brushSizePx' } = this.kind;
    if (adjusts === 'tolerance') {
      this.editor.setSettings({ tolerance: Math.min(255, Math.max(0, tolerance + steps)) });
      return;
    }
    const sizePx = this.settings[adjusts];
    const step = Math.max(1, Math.round(sizePx / 20));
    this.editor.setSettings({ [adjusts]: clampSize(adjusts, sizePx + steps * step) });
  }

  zoomBy(steps: number): void {
    const { view } = this.editor;
    const middle = screenPoint(view.screen.width / 2, view.screen.height / 2);
    this.editor.setView(zoomAt(view, middle, view.zoom * ZOOM_STEP ** steps));
  }

  zoomToFit(): void {
    const { view } = this.editor;
    this.editor.setView(fit(view.image, view.screen));
  }

  zoomToActual(): void {
    const { view } = this.editor;
    const middle = screenPoint(view.screen.width / 2, view.screen.height / 2);
    this.editor.setView(zoomAt(view, middle, 1));
  }
}
