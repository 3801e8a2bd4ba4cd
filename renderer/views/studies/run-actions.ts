/** What can be done with one run, for buttons and for the palette. */
import RotateCcw from '@lucide/svelte/icons/rotate-ccw';
import Square from '@lucide/svelte/icons/square';
import type { Run } from '../../../shared/entities.ts';
import type { AppState } from '../../state/app.svelte.ts';
import type { IconAction } from '../../ui/menu-entry.ts';

/** Only what its state allows. */
export function runActions(app: AppState, project: string, run: Run): IconAction[] {
  const call = (name: 'runs.cancel' | 'runs.retry') => () =>
    app.attempt(() => app.api.call(name, { project, runId: run.id }));
  switch (run.status) {
    case 'queued':
    case 'running':
      return [{ label: 'Cancel', icon: Square, run: call('runs.cancel') }];
    case 'failed':
    case 'cancelled':
      return [{ label: 'Retry', icon: RotateCcw, run: call('runs.retry') }];
    default:
      return [];
  }
}
