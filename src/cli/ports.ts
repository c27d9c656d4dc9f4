import { createServer } from 'node:net';

/** Why a port cannot be listened on, in one line that ends with what to do; absent where the error is of another kind. */
export const listenFault = (error: unknown, host: string, port: number, mend: string): string | undefined => {
  const { code } = error as { code?: string };
  if (code === 'EADDRINUSE') return `port ${port} on ${host} is taken; ${mend}`;
  if (code === 'EACCES') return `port ${port} on ${host} is not ours to open; ${mend}, above 1023`;
  if (code === 'EADDRNOTAVAIL' || code === 'ENOTFOUND') return `this machine has no address ${host}; set VPP_HOST to one it has`;
  return undefined;
};

/** Tries whether a port can be listened on, before anything is started. Answers the fault, as `listenFault` words it. */
export const portFault = (host: string, port: number, mend: string): Promise<string | undefined> =>
  new Promise((answer, failed) => {
    const probe = createServer();
    probe.once('error', (error) => {
      const fault = listenFault(error, host, port, mend);
      if (fault === undefined) failed(error);
      else answer(fault);
    });
    probe.listen(port, host, () => probe.close(() => answer(undefined)));
  });

export const CHOOSE_PORT = 'choose another with --port or VPP_PORT';
