import type { Socket } from 'node:net';

/** Far more than a lease takes: whoever sends this speaks something else. */
const LONGEST_LINE = 100_000;

/** Calls for each whole line of text that comes in. */
export const onLines = (socket: Socket, take: (line: string) => void): void => {
  let rest = '';
  socket.setEncoding('utf8').on('data', (text: string) => {
    const lines = (rest + text).split('\n');
    rest = lines.pop()!;
    for (const line of lines) take(line);
    if (rest.length > LONGEST_LINE) socket.destroy();
  });
};
