/** What components find around them without having it handed down. */
import { createContext } from 'svelte';
import type { Api } from './api.ts';

export const [getApi, setApi] = createContext<Api>();
