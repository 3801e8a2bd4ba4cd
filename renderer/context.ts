/** What components find around them without having it handed down. */
import { createContext } from 'svelte';
import type { Api } from './api.ts';
import type { AppState } from './state/app.svelte.ts';

export const [getApi, setApi] = createContext<Api>();
export const [getApp, setApp] = createContext<AppState>();
