/** Entry of the page. */
import './theme.css';
import { mount } from 'svelte';
import App from './App.svelte';
import { chartStyles } from '../shared/charts/chart.ts';
import { createApi } from './api.ts';

// The colours of arms and verdicts are those of the report.
const charts = new CSSStyleSheet();
charts.replaceSync(chartStyles.text);
document.adoptedStyleSheets.push(charts);

const target = document.getElementById('app');
if (target === null) throw new Error('index.html has no #app');
mount(App, { target, props: { api: createApi(window.location) } });
