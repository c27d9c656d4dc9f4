/**
 * What the API answers, as the pages see it. `test/contract/api-types.test.ts` holds these against the server's schemas.
 * Times are UTC epoch milliseconds, powers W into the site's bus, energies Wh, money millionths of `currency`.
 * What is not known is absent.
 */
export interface Session {
  name: string;
  role: 'operator' | 'household';
  householdId?: string;
}

/** GET /api/plant — no login needed. */
export interface PlantInfo {
  name: string;
  mode: 'demo' | 'serve';
  /** True where loads, sun and devices are made up; `replay` names the folder where they are measured. */
  simulated: boolean;
  replay?: string;
  zone: string;
  currency: string;
  nowMs: number;
  /** How far the plant's clock is from the real one; 0 on a real plant. */
  clockOffsetMs: number;
  intervalMinutes: number;
  history?: { daysDone: number; daysTotal: number };
  /** `embedded` or the cluster's URL host. */
  ledger: string;
  /** Only in the demo: logins the page may offer. */
  demoLogins?: { name: string; password: string; role: 'operator' | 'household'; title: string }[];
}

export type Flow = 'grid' | 'pv' | 'battery' | 'generator';
export type Powers = Record<Flow, number>;

/** GET /api/fleet/now, and event `fleet` of GET /api/live (operators). */
export interface FleetNow {
  atMs: number;
  powersW: Powers;
  loadW: number;
  storedWh: number;
  capacityWh: number;
  complete: boolean;
  sitesMissing: string[];
  devices: { online: number; stale: number; offline: number };
  dispatch: DispatchState;
  activeEventId?: string;
  openAlarms: number;
}

export interface DispatchState {
  mode: 'running' | 'released' | 'holding';
  /** Why it holds, who released. */
  reason?: string;
  sinceMs: number;
  leases: number;
}

/** GET /api/fleet/power?fromMs&toMs — one point a step; `siteId` narrows it to a site. */
export interface PowerSeries {
  stepMs: number;
  fromMs: number;
  toMs: number;
  actual: SeriesPoint[];
  /** Means, and what they stay under with 10 and 90 %. */
  forecast: {
    atMs: number;
    loadW: number;
    pvW: number;
    loadP10W?: number;
    loadP90W?: number;
    pvP10W?: number;
    pvP90W?: number;
  }[];
  plan: SeriesPoint[];
  forecastModel: string;
  planIssuedAtMs?: number;
}
export interface SeriesPoint {
  atMs: number;
  gridW?: number;
  pvW?: number;
  batteryW?: number;
  generatorW?: number;
  loadW?: number;
  storedWh?: number;
}

/** GET /api/devices */
export interface DeviceRow {
  id: string;
  name: string;
  siteId: string;
  siteName: string;
  role: 'grid-meter' | 'pv' | 'battery' | 'hybrid' | 'generator' | 'flexible-load';
  profile: string;
  ratedW: number;
  address: string;
  health: 'online' | 'stale' | 'offline';
  reason?: string;
  readAtMs?: number;
  values: Record<string, number>;
  lease?: { owner: string; setpoint: string; expiresAtMs: number };
  /** Of each of its controls. */
  decided: { control: string; owner: string; reason: string; cuts: { by: string; why: string }[] }[];
  /** Of its most written register, in the last 24 hours; and the budget it has, if any. */
  writes?: { lastDay: number; perDay?: number };
  lockedOut: boolean;
}

/** GET /api/sites */
export interface SiteRow {
  id: string;
  name: string;
  kind: 'home' | 'community-battery' | 'generators';
  householdId?: string;
  powersW: Partial<Powers>;
  loadW?: number;
  socPct?: number;
  optedOut: boolean;
  reserveFloorPct: number;
  missing: string[];
  readAtMs?: number;
}

/** GET /api/events, GET /api/events/:id; event `grid-event` of the live stream. POST /api/events takes EventRequest. */
export interface GridEvent {
  id: string;
  direction: 'up' | 'down';
  powerW: number;
  priceMicroPerKwh: number;
  startMs: number;
  endMs: number;
  state: 'announced' | 'active' | 'ended' | 'settled' | 'cancelled';
  announcedAtMs: number;
  announcedBy: string;
  /** Live: what the fleet gives now against its baseline. */
  deliveredW?: number;
  deliveredWh?: number;
  paidMicro?: number;
  participants?: number;
  fairness?: number;
  /** Live: what is missing, and why. */
  shortfall?: EventShortfall;
  /** What the plant said of it when it was announced or last amended. */
  answer?: EventAnswer;
}
export interface EventShortfall {
  offlineW: number;
  reserveW: number;
  optedOutW: number;
  limitedW: number;
  otherW: number;
}
/** POST /api/events/answer takes EventRequest and announces nothing. */
export interface EventAnswer {
  verdict: 'accepted' | 'in-part' | 'refused';
  acceptedW: number;
  shortfall: EventShortfall;
  reasons: string[];
}
export interface EventRequest {
  direction: 'up' | 'down';
  powerW: number;
  startMs: number;
  durationMinutes: number;
  priceMicroPerKwh: number;
}

/** GET /api/alarms */
/** A limit that is to be kept now; one that a site owes while nobody speaks for it has neither number nor end. */
export interface HeldLimit {
  id?: number;
  scope: string;
  kind: 'import' | 'export' | 'generation' | 'sun' | 'load' | 'dimming';
  valueW: number;
  setBy: string;
  reason: string;
  startMs?: number;
  endMs?: number;
  powerW?: number;
  compliedAtMs?: number;
  exceeded: boolean;
  unknownMs?: number;
}

export interface LockOut {
  subject: string;
  reason: string;
  byUser: string;
  sinceMs: number;
}

export interface Alarm {
  id: number;
  raisedAtMs: number;
  clearedAtMs?: number;
  severity: 'info' | 'warning' | 'critical';
  subject: string;
  /** Of a device's control `setpoint battery-power` and the like. */
  kind: string;
  message: string;
}

/** POST /api/release-all and POST /api/resume take { reason } and answer DispatchState. */

/** GET /api/plan — the plan in force. */
export interface PlanView {
  issuedAtMs: number;
  solver: 'highs' | 'merit-order';
  status: string;
  costMicro: number;
  seconds: number;
  slots: {
    startMs: number;
    endMs: number;
    gridW: number;
    batteryW: number;
    generatorW: number;
    pvW: number;
    loadW: number;
    importMicroPerKwh: number;
  }[];
  generators: { deviceId: string; name: string; runs: { startMs: number; endMs: number }[] }[];
  breaches: string[];
}

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

/** RFC 9457 */
export interface Problem {
  type: string;
  title: string;
  status: number;
  detail?: string;
  faults?: string[];
}
