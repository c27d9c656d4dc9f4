import type { GridEvent, Powers } from './types.js';

/** What the API answers households, and anybody who checks proofs; units as in `types.ts`. */

/** GET /api/me/now, and event `home` of GET /api/me/live (households see only themselves). */
export interface HomeNow {
  atMs: number;
  householdName: string;
  siteId: string;
  zone: string;
  powersW: Partial<Powers>;
  loadW?: number;
  socPct?: number;
  readAtMs?: number;
  missing: string[];
  optedOut: boolean;
  reserveFloorPct: number;
  loads: HomeLoad[];
  activeEvent?: { id: string; startMs: number; endMs: number; deliveredWh: number; takesPart: boolean };
}

/** A car charger or heat pump of the home; what is not known is absent. */
export interface HomeLoad {
  id: string;
  name: string;
  state?: 'nothingThere' | 'wantsNothing' | 'heldBack' | 'draws' | 'failed';
  drawsW?: number;
  held?: { by: 'limit' | 'event' | 'operator' | 'plan' | 'rest'; toW: number };
}

/** GET /api/me/energy?days=N — local days, newest last; today counts until now. */
export interface EnergyDay {
  date: string;
  producedWh?: number;
  importedWh?: number;
  exportedWh?: number;
  consumedWh?: number;
  chargedWh?: number;
  dischargedWh?: number;
  /** Worst quality of the day's intervals, and how many are missing. */
  quality: 'measured' | 'estimated' | 'missing';
  /** Of what was produced alone. */
  producedQuality: 'measured' | 'estimated' | 'missing';
  missingSlots: number;
}

/** GET /api/me/power?fromMs&toMs answers PowerSeries for the home. */

/** GET /api/me/statements?days=N — one a local day, newest first. */
export interface Statement {
  id: string;
  date: string;
  currency: string;
  issuedAtMs: number;
  /** `open` is today's running account; it becomes `issued` when the day is over. */
  state: 'open' | 'issued';
  totalMicro: number;
  lines: StatementLine[];
}
export interface StatementLine {
  kind: 'feed-in' | 'event' | 'adjustment';
  text: string;
  /** The arithmetic in full: "1.250 kWh × 0.0800 EUR/kWh = 0.10 EUR". */
  arithmetic: string;
  energyWh: number;
  priceMicroPerKwh: number;
  amountMicro: number;
  eventId?: string;
  slotsPaid?: number;
  slotsUnpaid?: number;
}

/** GET /api/me/events — events this home was asked in. POST /api/me/events/:id/opt-out. PUT /api/me/consent {optedOut, reserveFloorPct}. */
export interface HomeEvent {
  id: string;
  startMs: number;
  endMs: number;
  state: GridEvent['state'];
  takesPart: boolean;
  deliveredWh?: number;
  earnedMicro?: number;
  baselineDays?: number;
  slots: { startMs: number; endMs: number; baselineWh?: number; netImportWh?: number; deliveredWh?: number; quality: string }[];
}

/** GET /api/me/proofs?limit=N&kind=K — newest first; the bundle is at GET /api/me/proofs/:leafIndex (a file for `vpp proof verify`). */
export interface ProofRow {
  leafIndex: number;
  type: 'interval-reading' | 'correction' | 'decision' | 'grid-event' | 'baseline' | 'statement';
  states: string;
  deviceId: string;
  channel: string;
  startMs: number;
  endMs: number;
  toBusWh?: number;
  fromBusWh?: number;
  quality?: 'measured' | 'estimated' | 'missing';
  superseded?: true;
  anchor?: { signature: string; slot: number; atMs: number };
}

/** GET /api/proof/keys — for anybody: what to check proofs with, and what they are worth. */
export interface ProofKeys {
  logKey: string;
  anchorKey: string;
  anchorAddress: string;
  origin: string;
  demoKeys: boolean;
  assurance: 'software' | 'demo';
  beginsAt: string;
}

/** GET /api/proof/status — how the log stands. */
export interface ProofStatus extends ProofKeys {
  ledger: string;
  rpcUrl: string;
  leaves: number;
  anchoredLeaves: number;
  unfinishedAnchors: number;
  lastAnchor?: { signature: string; slot: number; atMs: number; finalized: boolean };
  fault?: { message: string; retryable: boolean };
  contradictions: number;
}
