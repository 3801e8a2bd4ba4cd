/** A window that closes, reloads or loses its connection has not taken back what it asked for: the reason tells the two apart. */

const GONE = Symbol('the caller is gone');

/** What ends with its caller ends; what shall outlive the window goes on. */
export const leave = (abort: AbortController): void => abort.abort(GONE);

export const isGone = ({ aborted, reason }: AbortSignal): boolean => aborted && reason === GONE;
