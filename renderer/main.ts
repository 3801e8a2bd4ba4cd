/** Entry of the page. */
import './theme.css';
import { mount } from 'svelte';
import App from './App.svelte';
import { createApi } from './api.ts';

const target = document.getElementById('app');
if (target === null) throw new Error('index.html has no #app');
mount(App, { target, props: { api: createApi(window.location) } });
