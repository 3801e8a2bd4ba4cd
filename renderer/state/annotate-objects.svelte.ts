/** Objects of the open image: which is picked, what strokes make, and how touching ones would come apart. */
import { AppError, messageOf } from '../../shared/errors.ts';
import { makesObjects } from '../../shared/objects/rules.ts';
import { DEFAULT_SPLIT } from '../../shared/objects/split-touching.ts';
import {
  classOfObject,
  deleteObjects,
  forgetObjects,
  joinObjects,
  type ObjectImage,
  objectsWithin,
  recolourObject,
  replaceObjects,
  splitByLine,
} from '../canvas/object-edits.ts';
import type { ObjectHands } from '../canvas/object-hands.ts';
import { NO_MARKS, type ObjectMarks } from '../canvas/paint.ts';
import type { ObjectLayer, ObjectPlace } from '../canvas/object-layer.ts';
import type { ObjectQuestion, TellObjects, ToldObjects } from '../canvas/object-teller.ts';
import type { Rect } from '../canvas/viewport.ts';
import type { AnnotateDocument } from './annotate-document.ts';
import { ObjectPreview, ObjectStep } from './object-work.svelte.ts';

/** What becomes of strokes where objects are told apart: an object each, part of the picked one, or of none. */
export type StrokeObjects = 'new' | 'picked' | 'none';

/** Beyond these pixels a preview takes longer than somebody waits for it. */
const PREVIEW_PX = 4096 * 4096;

const NOT_APART = 'Tell objects apart first: Objects, at the right.';

/** An object of an image that somebody wants to see. */
export interface SoughtObject {
  readonly imageId: number;
  /** Its number, where objects are told apart; null: it is of a prediction. */
  readonly label: number | null;
  /** In pixels of the image. */
  readonly box: Rect;
}

type ObjectDocument = Pick<
  AnnotateDocument,
  'layer' | 'objects' | 'history' | 'beginObjects' | 'objectDamage' | 'forgetDamage'
>;

interface Host {
  readonly document: () => ObjectDocument | null;
  readonly ground: () => { readonly hasBackground: boolean };
  /** What erasing leaves. */
  readonly blank: () => number;
  /** The class in hand. */
  readonly value: () => number;
  readonly finish: () => void;
  /** Whether a stroke is under way. */
  readonly isPainting: () => boolean;
  /** Something was done: history, labels and what lies over them. */
  readonly changed: () => void;
  /** An object comes into the middle of the view. */
  readonly look: (place: ObjectPlace) => void;
  /** A part of the image comes into the middle of the view, as large as leaves its surroundings in sight. */
  readonly lookClosely: (box: Rect) => void;
  readonly notify: (tone: 'info' | 'good' | 'bad', text: string) => void;
}

export class AnnotateObjects {
  /** null: objects of this image are not told apart. */
  layer = $state.raw<ObjectLayer | null>(null);
  /** Why the objects that are stored cannot be shown; null: nothing is damaged. */
  damage = $state.raw<string | null>(null);
  picked = $state.raw(0);
  count = $state.raw(0);
  /** Counted up whenever objects change in place. */
  version = $state.raw(0);
  strokes = $state.raw<StrokeObjects>('new');
  numbersVisible = $state.raw(false);
  visible = $state.raw(true);
  neck = $state.raw<number>(DEFAULT_SPLIT.neck);
  smallestPx = $state.raw<number>(DEFAULT_SPLIT.smallestPx);
  /** Steps that take their time. */
  readonly work: ObjectStep;
  readonly preview: ObjectPreview;
  readonly #host: Host;

  constructor(host: Host, tell: TellObjects) {
    this.#host = host;
    this.work = new ObjectStep(tell);
    this.preview = new ObjectPreview(tell, (error) => host.notify('bad', messageOf(error)));
  }

  get #image(): ObjectImage | null {
    const document = this.#host.document();
    if (document?.objects == null) return null;
    return { layer: document.layer, objects: document.objects, history: document.history };
  }

  /** Told anew whenever the layer changes. */
  picks = $state.raw<ObjectPlace | null>(null);

  /** A frame around what was sought and is no object here; null: there is none. */
  #frame = $state.raw<Rect | null>(null);

  /** What is shown over the outlines. */
  readonly marks: ObjectMarks = $derived.by(() => {
    if (this.layer === null || this.version < 0) return { ...NO_MARKS, picked: this.#frame };
    const numbered = this.numbersVisible ? [...this.layer.places.values()] : [];
    return { numbered, picked: this.picks ?? this.#frame };
  });

  /** Another image, or none. */
  open(): void {
    if (this.work.working !== null) {
      this.#host.notify(
        'info',
        'The image was left while its objects were told apart: they are as they were.',
      );
      this.stop();
    }
    this.picked = 0;
    this.#frame = null;
    this.follow();
  }

  /** Follows the open document and its history. */
  follow(): void {
    this.stopTrying();
    const objects = this.#host.document()?.objects ?? null;
    // An empty layer is one whose beginning was taken back.
    this.layer = objects === null || objects.isEmpty ? null : objects;
    this.count = this.layer?.places.size ?? 0;
    this.damage = this.layer === null ? (this.#host.document()?.objectDamage ?? null) : null;
    this.version++;
    this.#show(this.picked);
  }

  /** What a stroke of a class that is begun now is of; null: of no object. */
  number(value: number): number | null {
    const image = this.#image;
    if (this.layer === null || image === null || this.strokes === 'none') return null;
    if (!this.#isObject(value)) return null;
    const goesOn = this.strokes === 'picked' && classOfObject(image, this.picked) === value;
    return goesOn ? this.picked : this.layer.freeNumber();
  }

  #show(number: number): void {
    this.picks = this.layer?.places.get(number) ?? null;
    this.picked = this.picks === null ? 0 : number;
  }

  /**
   * Labels that are taken over bring their objects where objects are told apart, and where nothing is labelled that would be
   * of none beside them. `all`: everything that is labelled is taken over.
   */
  takes(all = false): boolean {
    if (this.layer !== null) return true;
    const document = this.#host.document();
    if (document === null || document.objectDamage !== null) return false;
    const isBare = () => document.layer.toLabelMap().data.every((value) => !this.#isObject(value));
    if (!all && !isBare()) return false;
    document.beginObjects();
    return true;
  }

  #isObject(value: number): boolean {
    return makesObjects(value, this.#host.ground());
  }

  /** A stroke of an object was made: it is gone on with. */
  drawn(number: number): void {
    this.follow();
    if (this.layer?.places.has(number) === true) this.#show(number);
  }

  readonly hands: ObjectHands = this.#makeHands();

  #makeHands(): ObjectHands {
    const picked = () => this.picked;
    return {
      get picked() {
        return picked();
      },
      at: ({ x, y }) => this.layer?.get(Math.floor(x), Math.floor(y)) ?? 0,
      pick: (number) => this.pick(number),
      join: (number) => this.#join(number),
      split: (line) =>
        this.#do(
          (image) => splitByLine(image, line) > 0,
          'Draw the line across an object, from one side to the other.',
        ),
      remove: (numbers) => this.#remove(numbers.filter((number) => number !== 0)),
      within: (rect) => {
        const image = this.#image;
        return image === null ? [] : objectsWithin(image, rect);
      },
    };
  }

  /** Picks an object of the open image where it is told apart, and brings it into view. */
  seek({ label, box }: SoughtObject): void {
    const place = label === null ? undefined : this.layer?.places.get(label);
    if (place === undefined) this.#frame = box;
    else this.#show(place.number);
    this.#host.lookClosely(place ?? box);
  }

  pick(number: number): void {
    this.#frame = null;
    if (this.layer === null) {
      this.#host.notify('info', NOT_APART);
      return;
    }
    this.#show(number);
  }

  #do(work: (image: ObjectImage) => boolean, nothing: string | null = null): void {
    const image = this.#image;
    if (image === null) return;
    try {
      if (work(image)) {
        this.follow();
        this.#host.changed();
      } else if (nothing !== null) this.#host.notify('info', nothing);
    } catch (error) {
      // A key that was pressed while a stroke is drawn.
      if (!(error instanceof AppError && error.code === 'conflict')) throw error;
      this.#host.notify('info', error.message);
    }
  }

  #join(other: number): void {
    if (other === 0) return;
    if (this.picked === 0) this.pick(other);
    else this.#do((image) => joinObjects(image, { into: this.picked, other }));
  }

  /** Makes the object at a place part of the picked one; null: the pointer is nowhere. */
  joinAt(point: { readonly x: number; readonly y: number } | null): void {
    const other = point === null ? 0 : (this.layer?.get(point.x, point.y) ?? 0);
    if (this.layer === null) this.#host.notify('info', NOT_APART);
    else if (other === 0 || other === this.picked || this.picked === 0) {
      this.#host.notify('info', 'Pick an object, then point at the one that is to be part of it.');
    } else this.#join(other);
  }

  #remove(numbers: readonly number[]): void {
    if (numbers.length === 0) return;
    this.#do((image) => deleteObjects(image, { numbers, blank: this.#host.blank() }));
  }

  removePicked(): void {
    if (this.picked === 0)
      this.#host.notify('info', 'Pick an object first: click it with the Objects tool.');
    else this.#remove([this.picked]);
  }

  /** The picked object takes the class in hand. */
  recolour(): void {
    if (this.picked === 0) {
      this.#host.notify('info', 'Pick an object first: click it with the Objects tool.');
      return;
    }
    const [value, ground] = [this.#host.value(), this.#host.ground()];
    this.#do((image) => recolourObject(image, { number: this.picked, value, ground }));
  }

  /** The object after the picked one, as rows meet them, round and round. */
  step(by: 1 | -1): void {
    const places = [...(this.layer?.places.values() ?? [])];
    if (places.length === 0) {
      this.#host.notify('info', NOT_APART);
      return;
    }
    const at = places.findIndex(({ number }) => number === this.picked);
    const from = at < 0 && by < 0 ? 0 : at;
    const next = places[(from + by + places.length) % places.length];
    if (next === undefined) return;
    this.#show(next.number);
    this.#host.look(next);
  }

  /** Every connected region is an object from now on. Resolves when it is done, or nothing comes of it. */
  async begin(): Promise<void> {
    const ground = this.#host.ground();
    const told = await this.#compute('Looking for connected regions', ({ layer }) => ({
      what: 'connect',
      labels: layer.toLabelMap(),
      ground,
    }));
    if (told === null) return;
    this.#host.document()?.beginObjects();
    this.#do(
      (image) => replaceObjects(image, told.objects, 'Objects from regions'),
      'Nothing is labelled yet: paint first, then tell objects apart.',
    );
  }

  /** null: stopped, another image is open, or it failed, which is said. */
  async #compute(
    what: string,
    question: (document: ObjectDocument) => ObjectQuestion | null,
  ): Promise<ToldObjects | null> {
    const document = this.#host.document();
    if (document === null) return null;
    this.#host.finish();
    this.stopTrying();
    const { isPainting } = this.#host;
    try {
      return await this.work.compute({ what, document, isPainting, question });
    } catch (error) {
      this.#host.notify('bad', messageOf(error));
      return null;
    }
  }

  /** Gives up what takes its time; nothing is changed. */
  stop(): void {
    this.work.stop();
  }

  /** Objects that are damaged are none any more; the labels stay. Errors: those of saving. */
  async forgetDamaged(): Promise<void> {
    await this.#host.document()?.forgetDamage();
    this.follow();
  }

  /** Objects are told apart no more; the labels stay. */
  end(): void {
    this.#host.finish();
    if (this.layer !== null) this.#do(forgetObjects);
  }

  get #rule() {
    return { neck: this.neck, smallestPx: this.smallestPx };
  }

  /** Whether the image is small enough for sliders to show what they would do. */
  get canTry(): boolean {
    return this.layer !== null && this.layer.width * this.layer.height <= PREVIEW_PX;
  }

  /** Shows how objects would come apart, a moment after the last movement of a slider. */
  trySplit(change: { readonly neck?: number; readonly smallestPx?: number } = {}): void {
    this.neck = change.neck ?? this.neck;
    this.smallestPx = change.smallestPx ?? this.smallestPx;
    const { layer } = this;
    if (layer !== null && this.canTry && this.work.working === null) {
      this.preview.show(layer, this.#rule);
    }
  }

  stopTrying(): void {
    this.preview.stop();
  }

  /** Resolves when it is done, or nothing comes of it. */
  async split(): Promise<void> {
    if (this.layer === null) {
      this.#host.notify('info', NOT_APART);
      return;
    }
    const told = await this.#compute('Splitting touching objects', ({ objects }) =>
      objects === null ? null : { what: 'split', objects: objects.toObjectMap(), rule: this.#rule },
    );
    if (told === null) return;
    const { objects, added } = told;
    const words = added === 1 ? 'One more object' : `${added} more objects`;
    this.#do(
      (image) => replaceObjects(image, objects, 'Touching objects split'),
      'No neck is narrow enough: move the slider to split more.',
    );
    if (added > 0) this.#host.notify('good', `${words}. Undo takes it back.`);
  }
}
