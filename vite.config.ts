import react from '@vitejs/plugin-react';
import { defineConfig } from 'vite';

/** The pages are a build of their own: the server hands out `dist/web` as plain files and knows nothing of React. */
export default defineConfig({
  root: 'src/web',
  base: './',
  plugins: [react()],
  build: { outDir: '../../dist/web', emptyOutDir: true, target: 'es2022', modulePreload: { polyfill: false } },
});
