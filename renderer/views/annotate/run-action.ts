/** What each action of the key map does. */
import { IGNORE } from '../../../shared/entities.ts';
import { type ActionId, forTools } from '../../keys/actions.ts';
import type { AnnotateState } from '../../state/annotate.svelte.ts';

export interface ActionSurroundings {
  readonly annotate: AnnotateState;
  readonly navigate: (index: number) => void;
  readonly close: () => void;
  readonly nextSuggested: () => void;
  readonly skipSuggested: () => void;
  readonly showRow: () => void;
  readonly showKeys: () => void;
  readonly report: (error: unknown) => void;
}

type Verb = (surroundings: ActionSurroundings) => void;

/** Device pixels that the keyboard moves the pointer. */
const NUDGE = 8;
/** Steps of the keys that change the size in leaps. */
const LEAP = 10;

/** A class that the dataset lacks is not taken in hand. */
const classOf =
  (value: number): Verb =>
  ({ annotate }) => {
    if (annotate.classes.some(({ index }) => index === value)) annotate.tools.setClass(value);
  };

/** Steps more of the class in hand, or less, where it is scribbles that propose what is seen. */
const leanBy =
  (steps: number): Verb =>
  ({ annotate: { prediction, scribbles, tools } }) => {
    if (prediction.by !== 'scribbles') return;
    const { value } = tools.settings;
    scribbles.lean(value, scribbles.leaningOf(value) + steps);
  };

const VERBS: Readonly<Record<ActionId, Verb>> = {
  ...forTools(
    (name): Verb =>
      ({ annotate }) =>
        annotate.overlay.takeTool(name),
  ),
  'patches.kind': ({ annotate: { patches } }) =>
    patches.setKind(patches.kind === 'alike' ? 'edges' : 'alike'),
  'tool.keepOthers': ({ annotate }) =>
    annotate.editor.setSettings({ keepOthers: !annotate.tools.settings.keepOthers }),
  'view.pan': ({ annotate }) => annotate.tools.setTool('pan'),
  'size.smaller': ({ annotate }) => annotate.tools.stepSize(-1),
  'size.larger': ({ annotate }) => annotate.tools.stepSize(1),
  'size.muchSmaller': ({ annotate }) => annotate.tools.stepSize(-LEAP),
  'size.muchLarger': ({ annotate }) => annotate.tools.stepSize(LEAP),
  'class.0': classOf(0),
  'class.1': classOf(1),
  'class.2': classOf(2),
  'class.3': classOf(3),
  'class.4': classOf(4),
  'class.5': classOf(5),
  'class.6': classOf(6),
  'class.7': classOf(7),
  'class.8': classOf(8),
  'class.9': classOf(9),
  'class.ignore': ({ annotate }) => annotate.tools.setClass(IGNORE),
  'class.swap': ({ annotate }) => annotate.tools.swapClass(),
  'class.previous': ({ annotate }) => annotate.tools.stepClass(-1),
  'class.next': ({ annotate }) => annotate.tools.stepClass(1),
  'class.suggested': ({ annotate }) => annotate.takeSuggestedClass(),
  'history.undo': ({ annotate }) => annotate.editor.undo(),
  'history.redo': ({ annotate }) => annotate.editor.redo(),
  'labels.grow': ({ annotate }) => annotate.reshape('grow'),
  'labels.shrink': ({ annotate }) => annotate.reshape('shrink'),
  'labels.smooth': ({ annotate }) => annotate.reshape('smooth'),
  'labels.fillHoles': ({ annotate }) => annotate.reshape('fillHoles'),
  'labels.removeSmall': ({ annotate }) => annotate.reshape('removeSmall'),
  'labels.save': ({ annotate }) => annotate.saveNow(),
  'labels.hide': ({ annotate: { look } }) => (look.visible = !look.visible),
  'labels.outline': ({ annotate: { look } }) =>
    (look.style = look.style === 'fill' ? 'outline' : 'fill'),
  'objects.new': ({ annotate: { objects } }) => (objects.strokes = 'new'),
  'objects.goOn': ({ annotate: { objects } }) => (objects.strokes = 'picked'),
  'objects.next': ({ annotate }) => annotate.objects.step(1),
  'objects.previous': ({ annotate }) => annotate.objects.step(-1),
  'objects.join': ({ annotate }) => annotate.objects.joinAt(annotate.hover),
  'objects.row': ({ showRow }) => showRow(),
  'objects.recolour': ({ annotate }) => annotate.objects.recolour(),
  'objects.delete': ({ annotate }) => annotate.objects.removePicked(),
  'objects.numbers': ({ annotate: { objects } }) =>
    (objects.numbersVisible = !objects.numbersVisible),
  'objects.split': ({ annotate, report }) => void annotate.objects.split().catch(report),
  'view.fit': ({ annotate }) => annotate.tools.zoomToFit(),
  'view.actual': ({ annotate }) => annotate.tools.zoomToActual(),
  'view.zoomIn': ({ annotate }) => annotate.tools.zoomBy(1),
  'view.zoomOut': ({ annotate }) => annotate.tools.zoomBy(-1),
  'display.auto': ({ annotate }) => annotate.look.autoContrast(),
  'display.reset': ({ annotate }) => annotate.look.reset(),
  'pointer.left': ({ annotate }) => annotate.editor.nudge(-NUDGE, 0),
  'pointer.right': ({ annotate }) => annotate.editor.nudge(NUDGE, 0),
  'pointer.up': ({ annotate }) => annotate.editor.nudge(0, -NUDGE),
  'pointer.down': ({ annotate }) => annotate.editor.nudge(0, NUDGE),
  'pointer.press': ({ annotate }) => annotate.editor.press(),
  'image.previous': ({ annotate, navigate }) => navigate(annotate.index - 1),
  'image.next': ({ annotate, navigate }) => navigate(annotate.index + 1),
  'image.nextUnlabelled': ({ annotate, navigate }) => {
    const next = annotate.nextUnlabelled();
    if (next !== null) navigate(next);
  },
  'image.nextSuggested': ({ nextSuggested }) => nextSuggested(),
  'image.skipSuggested': ({ skipSuggested }) => skipSuggested(),
  'view.close': ({ close }) => close(),
  'prediction.ask': ({ annotate, report }) => void annotate.overlay.predict().catch(report),
  'prediction.accept': ({ annotate }) => annotate.overlay.accept(),
  'prediction.hide': ({ annotate }) => annotate.overlay.setVisible(!annotate.look.predictionShown),
  'scribbles.more': leanBy(1),
  'scribbles.less': leanBy(-1),
  'live.show': ({ annotate, report }) => void annotate.overlay.showLive().catch(report),
  'live.toggle': ({ annotate, report }) => void annotate.overlay.toggleLive().catch(report),
  'keys.show': ({ showKeys }) => showKeys(),
};

export const runAction = (action: ActionId, surroundings: ActionSurroundings): void =>
  VERBS[action](surroundings);
