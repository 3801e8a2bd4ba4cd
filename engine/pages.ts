/** The plain pages that the server shows while there is no window: projects and running studies. */
import { reportUrl } from '../shared/exchange.ts';
import { counted, duration } from '../shared/number-format.ts';
import { markup, type Markup, trusted } from '../shared/markup.ts';
import { studyProgress } from '../shared/study-progress.ts';
import type { Engine } from './engine.ts';
import { COMMANDS } from './installation.ts';
import { GRAFT_VERSION } from './version.ts';

/** A running study is looked at, not clicked at: the page fetches itself anew. */
const REFRESH_SECONDS = 5;

/** Of all these pages. */
export const pageStyles: Markup = trusted(`
:root { color-scheme: light dark; font: 16px/1.5 system-ui, sans-serif }
body { max-width: 60rem; margin: 2rem auto; padding: 0 1.5rem }
h1 { font-size: 1.4rem } h2 { font-size: 1.1rem; margin-top: 2rem }
.path { opacity: .7; font-size: .85rem; overflow-wrap: anywhere }
table { border-collapse: collapse; width: 100% }
th, td { text-align: left; padding: .4rem .8rem .4rem 0; border-bottom: 1px solid color-mix(in srgb, currentColor 20%, transparent); vertical-align: top }
progress { width: 10rem }
`);

function page(title: string, body: Markup, refresh: boolean): string {
  return markup`<!doctype html>
<html lang="en"><head><meta charset="utf-8"><meta name="viewport" content="width=device-width">
<title>${title}</title>
${refresh && markup`<meta http-equiv="refresh" content="${String(REFRESH_SECONDS)}">`}
<style>${pageStyles}</style></head><body>${body}</body></html>`.text;
}

export function plainPage(title: string, text: string): string {
  return page(title, markup`<h1>${title}</h1><p>${text}</p><p><a href="/">Graft</a></p>`, false);
}

export async function overviewPage(engine: Engine): Promise<string> {
  const projects = await engine.call('project.list', {});
  const sections = engine.projects.list().map(({ db, queue }) => {
    const info = projects.find((p) => p.path === db.path);
    const rows = db.studies.list().map((study) => {
      const { counts, stepsDone, stepsTotal, remainingSeconds, held } = studyProgress(study, {
        runs: db.runs.ofStudy(study.id),
        held: queue.held,
      });
      const left =
        held?.message ??
        (study.status === 'running' && remainingSeconds !== null
          ? `${duration(remainingSeconds)} left`
          : '');
      const report = reportUrl({ project: db.path, study: study.id });
      return markup`<tr><td>${study.name}</td><td>${study.status}</td>
<td><progress max="${String(stepsTotal)}" value="${String(stepsDone)}"></progress><br>${counted(counts.done, 'run')} done, ${String(counts.queued + counts.running)} to do${counts.failed > 0 && `, ${counts.failed} failed`}</td>
<td>${left}</td><td>${counts.done > 0 && markup`<a href="${report}">report</a>`}</td></tr>`;
    });
    const datasets = db.datasets.list();
    return markup`<h2>${info?.name ?? db.path}</h2><p class="path">${db.path}</p>
<p>${
      datasets.length === 0
        ? 'No datasets yet: graft import or graft generate brings images in.'
        : datasets
            .map((d) => `${d.name}: ${counted(d.imageCount, 'image')}, ${d.labelledCount} labelled`)
            .join(' · ')
    }</p>
${
  rows.length === 0
    ? markup`<p>No studies yet: graft study plan makes one.</p>`
    : markup`<table><tr><th>Study</th><th>State</th><th>Progress</th><th></th><th></th></tr>${rows}</table>`
}`;
  });
  const body = markup`<h1>Graft ${GRAFT_VERSION}</h1>
${
  sections.length === 0
    ? markup`<p>No project is open. Start with one: <code>${COMMANDS.start} my.graft</code>, or let <code>${COMMANDS.graft} demo --quick --out demo</code> make a study to look at.</p>`
    : sections
}`;
  return page('Graft', body, true);
}
