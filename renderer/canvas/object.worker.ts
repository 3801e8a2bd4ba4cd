/** The thread that object-teller.ts starts for one answer. */
import { answerAboutObjects, type ObjectAnswer, type ObjectQuestion } from './object-teller.ts';

/** Milliseconds from one news of a share to the next. */
const NEWS_MS = 100;

self.addEventListener('message', ({ data: question }: MessageEvent<ObjectQuestion>) => {
  let told = performance.now();
  const found = answerAboutObjects(question, (share) => {
    const now = performance.now();
    if (now - told < NEWS_MS) return;
    told = now;
    const news: ObjectAnswer = { share };
    self.postMessage(news);
  });
  const answer: ObjectAnswer = found;
  self.postMessage(answer, { transfer: [found.objects.data.buffer] });
});
