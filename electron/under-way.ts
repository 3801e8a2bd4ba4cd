/**
 * What trains, as the desktop shows it: the computer does not fall asleep over it, the taskbar says how far it is, and
 * who is elsewhere is told when it is done.
 */
import type { Ended, EngineNews, UnderWay } from '../shared/engine-news.ts';
import type { ElectronApi } from './electron-api.ts';
import type { Page } from './page.ts';

/** Takes the bar away. */
const NO_PROGRESS = -1;

/** null: whoever stopped it knows. */
function words({ kind, name, how }: Ended): { title: string; body: string } | null {
  if (how === 'stopped') return null;
  if (how === 'failed')
    return { title: `“${name}” failed`, body: 'Graft says why, and what to do.' };
  const what = {
    study: 'The study has its verdict.',
    model: 'The network is trained, and says how good it is.',
    encoder: 'The network is pretrained.',
  }[kind];
  return { title: `“${name}” is done`, body: what };
}

export class UnderWayOnDesktop {
  readonly #electron: Pick<ElectronApi, 'Notification' | 'powerSaveBlocker'>;
  readonly #page: Page;
  #items: readonly UnderWay[] = [];
  #blocker: number | null = null;
  #whenIdle: (() => void) | null = null;

  constructor(electron: Pick<ElectronApi, 'Notification' | 'powerSaveBlocker'>, page: Page) {
    this.#electron = electron;
    this.#page = page;
  }

  get items(): readonly UnderWay[] {
    return this.#items;
  }

  /** Told once when nothing trains any more, unless another listener has taken the place of this one. */
  whenIdle(listener: (() => void) | null): void {
    this.#whenIdle = listener;
  }

  follow({ underWay, ended }: Extract<EngineNews, { ended: unknown }>): void {
    const wasBusy = this.#items.length > 0;
    this.#items = underWay;
    this.#stayAwake(underWay.length > 0);
    const share = underWay.reduce((sum, item) => sum + item.share, 0) / underWay.length;
    this.#page.window?.setProgressBar(underWay.length === 0 ? NO_PROGRESS : share);
    for (const one of ended) this.#tell(one);
    if (!wasBusy || underWay.length > 0) return;
    const idle = this.#whenIdle;
    this.#whenIdle = null;
    idle?.();
  }

  /** The engine died: what trained goes on with the next one, which tells of it; out of the background it is seen. */
  engineGone(): void {
    const waits = this.#whenIdle !== null;
    this.#items = [];
    this.#stayAwake(false);
    this.#page.window?.setProgressBar(NO_PROGRESS);
    if (waits) this.#page.focus();
  }

  /** Says something to somebody who may look elsewhere; where the system takes no notices, nothing. */
  notify(title: string, body: string): void {
    const { Notification } = this.#electron;
    if (!Notification.isSupported()) return;
    const notice = new Notification({ title, body });
    notice.on('click', () => this.#page.focus());
    notice.show();
  }

  #tell(ended: Ended): void {
    const said = words(ended);
    if (said === null || this.#page.window?.isFocused() === true) return;
    this.notify(said.title, said.body);
  }

  #stayAwake(awake: boolean): void {
    const { powerSaveBlocker } = this.#electron;
    if (awake) this.#blocker ??= powerSaveBlocker.start('prevent-app-suspension');
    else if (this.#blocker !== null) {
      powerSaveBlocker.stop(this.#blocker);
      this.#blocker = null;
    }
  }
}
