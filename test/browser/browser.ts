import { mkdirSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import sparticuz from '@sparticuz/chromium';
import { type Browser, chromium } from 'playwright-core';

/** Meant for cloud functions; here they make the browser crash or less like a user's. */
const UNWANTED = new Set(['--single-process', '--no-zygote', '--disable-web-security', '--allow-running-insecure-content']);

/** On Linux the browser that comes as a package, elsewhere an installed Chrome. */
export const openBrowser = async (): Promise<Browser> => {
  if (process.platform !== 'linux') return chromium.launch({ channel: 'chrome' });
  const args = sparticuz.args.filter((arg) => !UNWANTED.has(arg));
  try {
    return await chromium.launch({ executablePath: await sparticuz.executablePath(), args });
  } catch (error) {
    if (!String(error).includes('shared libraries')) throw error;
    return chromium.launch({ ...(await withOwnLibraries()), args });
  }
};

/** The package also brings the libraries a bare system lacks (NSS and its like), and unpacks them where it takes itself for a cloud function's. */
const withOwnLibraries = async (): Promise<{ executablePath: string; env: Record<string, string> }> => {
  const before = { ...process.env };
  const folder = join(tmpdir(), 'heliograph-chromium');
  mkdirSync(folder, { recursive: true });
  process.env['TMPDIR'] = folder;
  process.env['AWS_LAMBDA_JS_RUNTIME'] = 'nodejs20.x';
  try {
    const executablePath = await sparticuz.executablePath();
    const libraries = join(folder, 'al2023', 'lib');
    return { executablePath, env: { ...(before as Record<string, string>), LD_LIBRARY_PATH: libraries } };
  } finally {
    for (const name of ['TMPDIR', 'AWS_LAMBDA_JS_RUNTIME']) {
      if (before[name] === undefined) delete process.env[name];
      else process.env[name] = before[name];
    }
  }
};
