/**
 * The canvas element and its frames: keeps what has to be painted again and paints it once a frame. Owns the textures;
 * what is to be seen is told by setters, what is being drawn is asked of the editor.
 */
import type { DisplayedImage } from '../../shared/display.ts';
import type { Editor } from './editor.ts';
import type { LabelLayer } from './label-layer.ts';
import { type LabelStyle, packColor, type Palette } from './label-raster.ts';
import { MaskPicture } from './mask-picture.ts';
import { NO_MARKS, type ObjectMarks, overlayBounds, paint, type Scene } from './paint.ts';
import type { PatchMap } from './patch-map.ts';
import { imageSource, labelSource } from './texture-sources.ts';
import { TextureCache } from './textures.ts';
import type { ProposedMask } from './tools/tool.ts';
import { type Rect, screenRect, union, type Viewport } from './viewport.ts';

export interface LabelLook {
  readonly palette: Palette;
  readonly style: LabelStyle;
  readonly opacity: number;
  readonly visible: boolean;
}

/** Enough for two screens of 4K at every level; the rest is rasterised again when it comes into sight. */
const TEXTURE_BYTES = {
  image: 192 * 2 ** 20,
  labels: 128 * 2 ** 20,
  prediction: 64 * 2 ** 20,
  scribbles: 64 * 2 ** 20,
  objects: 64 * 2 ** 20,
  patches: 64 * 2 ** 20,
};

/** Outlines of patches: seen on any image, and behind what is painted. */
const PATCH_LOOK: LabelLook = {
  palette: new Uint32Array(256).fill(packColor('#ffffff'), 1),
  style: 'outline',
  opacity: 0.45,
  visible: true,
};
/** Device pixels around changed ones that smoothing may touch. */
const SMOOTHING_MARGIN = 3;

/** A label layer on the canvas, repainted where it changes. */
class ShownLabels {
  readonly layer: LabelLayer;
  readonly textures: TextureCache;
  look: LabelLook;
  readonly #unsubscribe: () => void;

  constructor(
    layer: LabelLayer,
    options: { look: LabelLook; maxBytes: number; changed: (pixels: Rect) => void },
  ) {
    this.layer = layer;
    this.look = options.look;
    this.textures = new TextureCache(labelSource(layer, options.look), options);
    this.#unsubscribe = layer.onDirty((dirty) => {
      for (const pixels of dirty.values()) {
        this.textures.invalidate(pixels);
        options.changed(pixels);
      }
    });
  }

  setLook(look: LabelLook): void {
    const redraw = look.palette !== this.look.palette || look.style !== this.look.style;
    this.look = look;
    if (redraw) this.textures.replaceSource(labelSource(this.layer, look));
  }

  get shown(): Scene['labels'] {
    return this.look.visible ? { textures: this.textures, opacity: this.look.opacity } : null;
  }

  close(): void {
    this.#unsubscribe();
  }
}

export class Stage {
  readonly #canvas: HTMLCanvasElement;
  readonly #context: CanvasRenderingContext2D;
  readonly #editor: Editor;
  #image: TextureCache | null = null;
  #imagePixels: DisplayedImage['pixels'] | null = null;
  #labels: ShownLabels | null = null;
  #prediction: ShownLabels | null = null;
  #scribbles: ShownLabels | null = null;
  #objects: ShownLabels | null = null;
  #patches: ShownLabels | null = null;
  #patchMap: PatchMap | null = null;
  #marks: ObjectMarks = NO_MARKS;
  #frameRect: Rect | null = null;
  #colors = { backdrop: '#808080', brush: '#ffffff' };
  #damage: Rect | null = null;
  #proposed: MaskPicture | null = null;
  /** Where preview and cursor were painted last. */
  #overlay: Rect | null = null;
  #frame: number | null = null;

  constructor(canvas: HTMLCanvasElement, editor: Editor) {
    const context = canvas.getContext('2d', { alpha: false });
    if (context === null) throw new Error('The canvas has no 2d context.');
    this.#canvas = canvas;
    this.#context = context;
    this.#editor = editor;
  }

  /** `width`, `height`: device pixels. */
  resize(width: number, height: number): void {
    if (width === this.#canvas.width && height === this.#canvas.height) return;
    this.#canvas.width = width;
    this.#canvas.height = height;
    this.#editor.resize({ width, height });
    this.repaint();
    // A resized canvas is empty until it is painted; waiting for the next frame would flash.
    this.#paint();
  }

  setImage(displayed: DisplayedImage | null): void {
    if (displayed === null) this.#image = null;
    else if (this.#image !== null && displayed.pixels === this.#imagePixels) {
      this.#image.replaceSource(imageSource(displayed));
    } else {
      this.#image = new TextureCache(imageSource(displayed), { maxBytes: TEXTURE_BYTES.image });
    }
    this.#imagePixels = displayed?.pixels ?? null;
    this.repaint();
  }

  setLabels(layer: LabelLayer | null, look: LabelLook): void {
    this.#labels = this.#show(this.#labels, layer, { look, maxBytes: TEXTURE_BYTES.labels });
  }

  setPrediction(layer: LabelLayer | null, look: LabelLook): void {
    const maxBytes = TEXTURE_BYTES.prediction;
    this.#prediction = this.#show(this.#prediction, layer, { look, maxBytes });
  }

  setScribbles(layer: LabelLayer | null, look: LabelLook): void {
    const maxBytes = TEXTURE_BYTES.scribbles;
    this.#scribbles = this.#show(this.#scribbles, layer, { look, maxBytes });
  }

  setObjects(layer: LabelLayer | null, look: LabelLook): void {
    this.#objects = this.#show(this.#objects, layer, { look, maxBytes: TEXTURE_BYTES.objects });
  }

  setPatches(map: PatchMap | null): void {
    const options = { look: PATCH_LOOK, maxBytes: TEXTURE_BYTES.patches };
    this.#patches = this.#show(this.#patches, map?.shades ?? null, options);
    this.#patchMap = map;
  }

  setMarks(marks: ObjectMarks): void {
    this.#marks = marks;
    this.repaint();
  }

  /** A rectangle of the image with a line around it. */
  setFrame(frame: Rect | null): void {
    this.#frameRect = frame;
    this.repaint();
  }

  setColors(colors: { readonly backdrop: string; readonly brush: string }): void {
    this.#colors = colors;
    this.repaint();
  }

  /** Everything, in the next frame. */
  repaint(): void {
    this.#damageRect({ x0: 0, y0: 0, x1: this.#canvas.width, y1: this.#canvas.height });
  }

  /** Preview and cursor, in the next frame. */
  repaintOverlay(): void {
    this.#schedule();
  }

  close(): void {
    if (this.#frame !== null) cancelAnimationFrame(this.#frame);
    this.#labels?.close();
    this.#prediction?.close();
    this.#scribbles?.close();
    this.#objects?.close();
    this.#patches?.close();
  }

  #show(
    shown: ShownLabels | null,
    layer: LabelLayer | null,
    options: { look: LabelLook; maxBytes: number },
  ): ShownLabels | null {
    this.repaint();
    if (shown !== null && shown.layer === layer) {
      shown.setLook(options.look);
      return shown;
    }
    shown?.close();
    if (layer === null) return null;
    return new ShownLabels(layer, {
      ...options,
      changed: (pixels) =>
        this.#damageRect(screenRect(this.#editor.view, pixels, SMOOTHING_MARGIN)),
    });
  }

  #shownPatches(view: Viewport): Scene['patches'] {
    const shown = this.#patches?.shown ?? null;
    if (shown === null || this.#patchMap === null) return null;
    return { ...shown, view: this.#patchMap.viewOf(view) };
  }

  #proposal(mask: ProposedMask | null): MaskPicture | null {
    if (mask === null) this.#proposed = null;
    else if (this.#proposed?.mask !== mask) this.#proposed = new MaskPicture(mask);
    return this.#proposed;
  }

  #damageRect(rect: Rect): void {
    this.#damage = union(this.#damage, rect);
    this.#schedule();
  }

  #schedule(): void {
    this.#frame ??= requestAnimationFrame(() => this.#paint());
  }

  #paint(): void {
    if (this.#frame !== null) cancelAnimationFrame(this.#frame);
    this.#frame = null;
    const editor = this.#editor;
    const scene: Scene = {
      view: editor.view,
      backdrop: this.#colors.backdrop,
      image: this.#image,
      labels: this.#labels?.shown ?? null,
      prediction: this.#prediction?.shown ?? null,
      scribbles: this.#scribbles?.shown ?? null,
      patches: this.#shownPatches(editor.view),
      objects: this.#objects?.shown ?? null,
      marks: this.#marks,
      frame: this.#frameRect,
      preview: editor.preview,
      proposed: this.#proposal(editor.proposed),
      color: this.#colors.brush,
      cursor: editor.cursor,
      pixelRatio: window.devicePixelRatio,
    };
    const overlay = overlayBounds(scene);
    const damage = union(this.#damage, union(this.#overlay, overlay));
    this.#overlay = overlay;
    this.#damage = null;
    if (damage === null) return;
    if (!paint(this.#context, scene, damage)) this.#damageRect(damage);
  }
}
