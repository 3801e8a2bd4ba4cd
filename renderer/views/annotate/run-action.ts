/** What each action of the key map does. */
import { IGNORE } from '../../../shared/entities.ts';
import type { ActionId } from '../../keys/actions.ts';
import type { AnnotateState } from '../../state/annotate.svelte.ts';

export interface ActionSurroundings {
  readonly annotate: AnnotateState;
  readonly navigate: (index: number) => void;
  readonly close: () => void;
  readonly showKeys: () => void;
}

/** Device pixels that the keyboard moves the pointer. */
const NUDGE = 8;
/** Steps of the keys that change the size in leaps. */
const LEAP = 10;

export function runAction(action: ActionId, surroundings: ActionSurroundings): void {
  const { annotate, navigate, close, showKeys } = surroundings;
  const { editor, look } = annotate;
  switch (action) {
    case 'tool.brush':
      return annotate.setTool('brush');
    case 'tool.eraser':
      return annotate.setTool('eraser');
    case 'tool.polygon':
      return annotate.setTool('polygon');
    case 'tool.lasso':
      return annotate.setTool('lasso');
    case 'tool.box':
      return annotate.setTool('box');
    case 'tool.fill':
      return annotate.setTool('fill');
    case 'tool.wand':
      return annotate.setTool('wand');
    case 'tool.pan':
      return annotate.setTool('pan');
    case 'tool.accept':
      if (annotate.prediction.layer !== null) annotate.setTool('accept');
      return;
    case 'tool.keepOthers':
      return editor.setSettings({ keepOthers: !annotate.settings.keepOthers });
    case 'view.pan':
      return; // held, not run
    case 'size.smaller':
      return annotate.stepSize(-1);
    case 'size.larger':
      return annotate.stepSize(1);
    case 'size.muchSmaller':
      return annotate.stepSize(-LEAP);
    case 'size.muchLarger':
      return annotate.stepSize(LEAP);
    case 'class.0':
    case 'class.1':
    case 'class.2':
    case 'class.3':
    case 'class.4':
    case 'class.5':
    case 'class.6':
    case 'class.7':
    case 'class.8':
    case 'class.9': {
      const value = Number(action.slice('class.'.length));
      if (annotate.classes.some(({ index }) => index === value)) annotate.setClass(value);
      return;
    }
    case 'class.ignore':
      return annotate.setClass(IGNORE);
    case 'class.swap':
      return annotate.swapClass();
    case 'class.previous':
      return annotate.stepClass(-1);
    case 'class.next':
      return annotate.stepClass(1);
    case 'history.undo':
      return editor.undo();
    case 'history.redo':
      return editor.redo();
    case 'labels.save':
      return annotate.saveNow();
    case 'labels.hide':
      look.visible = !look.visible;
      return;
    case 'labels.outline':
      look.style = look.style === 'fill' ? 'outline' : 'fill';
      return;
    case 'view.fit':
      return annotate.zoomToFit();
    case 'view.actual':
      return annotate.zoomToActual();
    case 'view.zoomIn':
      return annotate.zoomBy(1);
    case 'view.zoomOut':
      return annotate.zoomBy(-1);
    case 'display.auto':
      return look.autoContrast();
    case 'display.reset':
      return look.reset();
    case 'pointer.left':
      return editor.nudge(-NUDGE, 0);
    case 'pointer.right':
      return editor.nudge(NUDGE, 0);
    case 'pointer.up':
      return editor.nudge(0, -NUDGE);
    case 'pointer.down':
      return editor.nudge(0, NUDGE);
    case 'pointer.press':
      return editor.press();
    case 'image.previous':
      return navigate(annotate.index - 1);
    case 'image.next':
      return navigate(annotate.index + 1);
    case 'image.nextUnlabelled': {
      const next = annotate.nextUnlabelled();
      if (next !== null) navigate(next);
      return;
    }
    case 'view.close':
      return close();
    case 'prediction.accept':
      return annotate.acceptPrediction();
    case 'prediction.hide':
      return annotate.setPredictionVisible(!look.predictionVisible);
    case 'keys.show':
      return showKeys();
  }
}
