/** Where in the window one is, as an address that survives a reload. */
export type Route =
  | { readonly view: 'welcome' }
  | { readonly view: 'library'; readonly dataset: number | null }
  | { readonly view: 'annotate'; readonly dataset: number; readonly image: number }
  | { readonly view: 'models'; readonly model: number | null }
  | { readonly view: 'encoders'; readonly run: number | 'new' | null }
  /** One that was brought in from a file, and so belongs to no run. */
  | { readonly view: 'encoders'; readonly run: null; readonly encoder: number }
  | { readonly view: 'studies'; readonly study: number | 'new' | null }
  | { readonly view: 'compare'; readonly study: number | null };

export type ViewName = Route['view'];

/** What the views are called. */
export const VIEW_TITLES: Readonly<Record<Exclude<ViewName, 'welcome'>, string>> = {
  library: 'Library',
  annotate: 'Annotate',
  models: 'Models',
  encoders: 'Encoders',
  studies: 'Studies',
  compare: 'Compare',
};

/** The part of an address that names no project: `studies/3`. */
export function formatPlace(route: Route): string {
  const rest: readonly (number | string | null)[] = (() => {
    switch (route.view) {
      case 'welcome':
        return [];
      case 'library':
        return [route.dataset];
      case 'annotate':
        return [route.dataset, route.image];
      case 'models':
        return [route.model];
      case 'encoders':
        return 'encoder' in route ? ['file', route.encoder] : [route.run];
      case 'studies':
      case 'compare':
        return [route.study];
    }
  })();
  return [route.view, ...rest.filter((part) => part !== null)].join('/');
}

/** `#/studies/3?project=/data/cells.graft` */
export function formatRoute(route: Route, project: string | null): string {
  const query = project === null ? '' : `?${new URLSearchParams({ project }).toString()}`;
  return `#/${formatPlace(route)}${query}`;
}

const idOf = (text: string | undefined): number | null => {
  const id = Number(text);
  return Number.isInteger(id) && id > 0 ? id : null;
};
const idOrNew = (text: string | undefined) => (text === 'new' ? 'new' : idOf(text));

/** Anything that is not an address of the window leads to its start. */
export function parseRoute(hash: string): { route: Route; project: string | null } {
  const [path = '', query = ''] = hash.replace(/^#\/?/, '').split('?');
  const project = new URLSearchParams(query).get('project');
  const [view, first, second] = path.split('/');
  switch (view) {
    case 'library':
      return { route: { view, dataset: idOf(first) }, project };
    case 'annotate': {
      const dataset = idOf(first);
      const image = idOf(second);
      return dataset === null || image === null
        ? { route: { view: 'library', dataset }, project }
        : { route: { view, dataset, image }, project };
    }
    case 'models':
      return { route: { view, model: idOf(first) }, project };
    case 'encoders': {
      const encoder = first === 'file' ? idOf(second) : null;
      return encoder === null
        ? { route: { view, run: idOrNew(first) }, project }
        : { route: { view, run: null, encoder }, project };
    }
    case 'studies':
      return { route: { view, study: idOrNew(first) }, project };
    case 'compare':
      return { route: { view, study: idOf(first) }, project };
    case undefined:
    default:
      return { route: { view: 'welcome' }, project };
  }
}
