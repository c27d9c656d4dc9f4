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

/** RFC 9457 */
export interface Problem {
  type: string;
  title: string;
  status: number;
  detail?: string;
  faults?: string[];
}
