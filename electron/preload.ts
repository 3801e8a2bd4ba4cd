/** The bridge between page and shell, put into the page. Built as one CommonJS file for the sandbox. */
import { contextBridge, ipcRenderer, webUtils } from 'electron';
import { bridgeTo } from './bridge.ts';

contextBridge.exposeInMainWorld('graftDesktop', bridgeTo({ ipcRenderer, webUtils }));
