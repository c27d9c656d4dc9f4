import { createContext, useContext, useEffect, useRef, useState } from 'react';

import { type LiveKind, liveKind, retryDelayMs } from './live-state.js';

export type LiveHandlers = Record<string, (data: unknown) => void>;

/** The line itself, without React: opens, hears, reopens. `onKind` is told when what can be said about the line changes. */
const openLine = (path: string, handlers: () => LiveHandlers, onKind: (kind: LiveKind) => void, onBack: () => void): (() => void) => {
  let source: EventSource | undefined;
  let retry: number | undefined;
  let attempt = 0;
  let everHeard = false;
  let open = false;
  let heardMs = performance.now();

  const tell = () => onKind(liveKind({ everHeard, open, silentMs: performance.now() - heardMs }));
  const hear = () => {
    heardMs = performance.now();
    tell();
  };
  const opened = () => {
    if (everHeard) onBack();
    [open, everHeard, attempt] = [true, true, 0];
    hear();
  };
  const failed = () => {
    open = false;
    tell();
    // The browser reconnects by itself unless the server refused; then it is ours to come back.
    if (source?.readyState !== EventSource.CLOSED) return;
    retry = window.setTimeout(connect, retryDelayMs(attempt));
    attempt += 1;
    onBack();
  };
  const connect = () => {
    source = new EventSource(path);
    source.addEventListener('open', opened);
    source.addEventListener('error', failed);
    for (const name of Object.keys(handlers()))
      source.addEventListener(name, (event: MessageEvent<string>) => {
        hear();
        handlers()[name]?.(JSON.parse(event.data));
      });
  };

  connect();
  const watch = window.setInterval(tell, 1_000);
  return () => {
    window.clearInterval(watch);
    window.clearTimeout(retry);
    source?.close();
  };
};

/** Listens to a live stream for as long as the component stands. `onBack` is called when something may have been missed. */
export const useLive = (path: string, handlers: LiveHandlers, onBack: () => void): LiveKind => {
  const [kind, setKind] = useState<LiveKind>('connecting');
  const latest = useRef({ handlers, onBack });
  useEffect(() => {
    latest.current = { handlers, onBack };
  });
  useEffect(
    () =>
      openLine(
        path,
        () => latest.current.handlers,
        setKind,
        () => latest.current.onBack(),
      ),
    [path],
  );
  return kind;
};

export const LiveContext = createContext<LiveKind>('connecting');
export const useLiveKind = (): LiveKind => useContext(LiveContext);
