/**
 * report.html: one file that reaches nowhere: no scripts, no network, images as data. The policy in
 * its head makes the browser hold it to that. Equal data give equal bytes.
 */
import type { AnalysedRun, ReportData, StudyAnalysis } from '../../../shared/analysis.ts';
import { figureMarkup } from '../../../shared/charts/figure.ts';
import { markup, type Markup } from '../../../shared/markup.ts';
import { styleSource } from '../../style-source.ts';
import { layersSection, methodsSection, notesSection, provenance } from './closing.ts';
import { factorialSection } from './factorial-section.ts';
import { examplesSection, pretrainingSection } from './examples.ts';
import {
  forestFigure,
  learningFigure,
  scoreFigures,
} from '../../../shared/charts/study-figures.ts';
import { objectTables } from './object-tables.ts';
import { reportStyles } from './style.ts';
import {
  armsSection,
  claimsSection,
  convergenceTable,
  costSection,
  splitsTable,
  statisticsTable,
} from './tables.ts';
import { verdictSection } from './verdict-section.ts';

const POLICY = `default-src 'none'; style-src ${styleSource(reportStyles)}; img-src data:; base-uri 'none'; form-action 'none'`;

interface Section {
  readonly id: string;
  readonly name: string;
  readonly body: Markup | null;
}

export function renderReport(data: ReportData, runs: readonly AnalysedRun[]): string {
  const { analysis } = data;
  const sections: readonly Section[] = [
    { id: 'verdict', name: 'Verdict', body: verdictSection(data, runs) },
    { id: 'scores', name: 'Scores', body: scoresSection(analysis) },
    { id: 'differences', name: 'Differences', body: differencesSection(analysis) },
    { id: 'factorial', name: 'Both halves', body: factorialSection(analysis) },
    { id: 'learning', name: 'Learning', body: learningSection(analysis) },
    { id: 'arms', name: 'Arms', body: armsSection(analysis) },
    { id: 'objects', name: 'Objects', body: objectTables(analysis) },
    { id: 'predictions', name: 'Predictions', body: examplesSection(data) },
    { id: 'pretraining', name: 'Pretraining', body: pretrainingSection(data) },
    { id: 'claims', name: 'Claims', body: claimsSection(analysis) },
    { id: 'cost', name: 'Cost', body: costSection(data) },
    { id: 'layers', name: 'Weights', body: layersSection(data) },
    { id: 'methods', name: 'Methods', body: methodsSection(data) },
    { id: 'notes', name: 'Notes', body: notesSection(data) },
  ];
  const question =
    analysis.pretrainings.length === 0
      ? { long: 'How many labels are enough?', short: 'how many labels are enough' }
      : {
          long: 'Which half of a pretrained network is worth keeping?',
          short: 'which half of the network to keep',
        };
  const present = sections.filter(({ body }) => body !== null);
  return markup`<!doctype html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta http-equiv="Content-Security-Policy" content="${POLICY}">
<meta name="viewport" content="width=device-width, initial-scale=1">
<meta name="color-scheme" content="light dark">
<meta name="generator" content="Graft ${data.graftVersion}">
<title>${data.studyName}: ${question.short}</title>
<style>${reportStyles}</style>
</head>
<body>
<header>
<p class="eyebrow">${question.long}</p>
<h1>${data.studyName}</h1>
<p class="context">${data.context}</p>
<nav aria-label="Contents"><ul>${present.map(({ id, name }) => markup`<li><a href="#${id}">${name}</a></li>`)}</ul></nav>
</header>
<main>
${present.map(({ body }) => markup`${body}\n`)}</main>
${provenance(data)}
</body>
</html>
`.text;
}

function scoresSection(analysis: StudyAnalysis): Markup | null {
  const figures = scoreFigures(analysis);
  if (figures.length === 0) return null;
  return markup`<section id="scores"><h2>Scores by number of labels</h2>
<p class="lead">How well each way of starting does on the test images, and how much of it more labels buy.</p>
${figures.map(figureMarkup)}
</section>`;
}

function differencesSection(analysis: StudyAnalysis): Markup | null {
  if (analysis.comparisons.length === 0) return null;
  return markup`<section id="differences"><h2>Differences, and how sure they are</h2>
<p class="lead">Two arms of one seed see the same labelled images in the same order, so they are compared pair by pair.</p>
${figureMarkup(forestFigure(analysis))}
${statisticsTable(analysis)}${splitsTable(analysis)}</section>`;
}

function learningSection(analysis: StudyAnalysis): Markup | null {
  const figure = learningFigure(analysis);
  const table = convergenceTable(analysis);
  if (figure === null && table === null) return null;
  return markup`<section id="learning"><h2>How fast they learn</h2>
<p class="lead">Learning faster is not ending better: this is reported apart from the final scores.</p>
${figure && figureMarkup(figure)}
${table}</section>`;
}
