/** A thread that answers one question and ends: with the answer, or where nobody wants it any more. */
import { AppError } from '../../shared/errors.ts';

/** `sorry`: what is said where it ends without an answer, of why. Errors: internal; cancelled. */
export function askOnce<Answer>(
  thread: Worker,
  request: unknown,
  { signal, sorry }: { readonly signal?: AbortSignal; readonly sorry: (why: string) => string },
): Promise<Answer> {
  return new Promise<Answer>((resolve, reject) => {
    const stop = () => reject(new AppError('cancelled', 'Stopped.'));
    if (signal?.aborted === true) stop();
    signal?.addEventListener('abort', stop);
    thread.onmessage = ({ data }: MessageEvent<Answer>) => resolve(data);
    thread.onerror = ({ message }) => reject(new AppError('internal', sorry(message)));
    thread.onmessageerror = () =>
      reject(new AppError('internal', sorry('its answer could not be read')));
    thread.postMessage(request);
  }).finally(() => thread.terminate());
}
