/** The places of a project, with their keys, as sidebar and palette offer them. */
import { WINDOW_KEYS } from '../../shared/window-keys.ts';
import type { AppState } from '../state/app.svelte.ts';
import { type Route, VIEW_TITLES } from '../state/route.ts';

export interface Place {
  readonly view: Exclude<Route['view'], 'welcome'>;
  readonly title: string;
  readonly keys: string;
  readonly disabled: boolean;
  /** Why it is disabled. */
  readonly why: string;
  readonly run: () => void;
}

export function places(app: AppState): Place[] {
  const dataset = app.currentDataset;
  const always = { disabled: false, why: '' };
  return [
    {
      view: 'library',
      title: VIEW_TITLES.library,
      keys: WINDOW_KEYS['go-library'],
      ...always,
      run: () => app.go({ view: 'library', dataset: dataset?.id ?? null }),
    },
    {
      view: 'annotate',
      title: VIEW_TITLES.annotate,
      keys: WINDOW_KEYS['go-annotate'],
      disabled: dataset === null || dataset.imageCount === 0,
      why: 'There are no images to annotate yet.',
      run: () => app.attempt(() => app.annotateFirst()),
    },
    {
      view: 'models',
      title: VIEW_TITLES.models,
      keys: WINDOW_KEYS['go-models'],
      ...always,
      run: () => app.go({ view: 'models', model: null }),
    },
    {
      view: 'encoders',
      title: VIEW_TITLES.encoders,
      keys: WINDOW_KEYS['go-encoders'],
      ...always,
      run: () => app.go({ view: 'encoders', run: null }),
    },
    {
      view: 'studies',
      title: VIEW_TITLES.studies,
      keys: WINDOW_KEYS['go-studies'],
      ...always,
      run: () => app.go({ view: 'studies', study: null }),
    },
    {
      view: 'compare',
      title: VIEW_TITLES.compare,
      keys: WINDOW_KEYS['go-compare'],
      ...always,
      run: () => app.go({ view: 'compare', study: null }),
    },
  ];
}
