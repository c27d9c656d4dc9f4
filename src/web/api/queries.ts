import { type QueryClient, type QueryFunctionContext, useQuery, useQueryClient, type UseQueryResult } from '@tanstack/react-query';
import { useEffect, useRef } from 'react';

import { ApiError, get, isStatus } from './client.js';
import type { EnergyDay, HomeEvent, HomeNow, ProofKeys, ProofRow, ProofStatus, Statement } from './household-types.js';
import type {
  Alarm,
  DeviceRow,
  FleetNow,
  GridEvent,
  HeldLimit,
  LockOut,
  PlantInfo,
  PlanView,
  PowerSeries,
  Session,
  SiteRow,
} from './types.js';

/** What the plant says about itself, and when (on this page's own monotonic clock) it said so. */
export interface HeldPlant extends PlantInfo {
  heardMs: number;
}
const holdPlant = (info: PlantInfo): HeldPlant => ({ ...info, heardMs: performance.now() });

export const keys = {
  session: ['session'],
  plant: ['plant'],
  fleet: ['fleet'],
  sites: ['sites'],
  devices: ['devices'],
  events: ['events'],
  eventAnswer: ['event-answer'],
  alarms: ['alarms'],
  limits: ['limits'],
  lockOuts: ['lock-outs'],
  plan: ['plan'],
  power: ['power'],
  home: ['home'],
  energy: ['energy'],
  statements: ['statements'],
  homeEvents: ['home-events'],
  proofs: ['proofs'],
  proofKeys: ['proof-keys'],
  proofStatus: ['proof-status'],
} as const;

/** What nobody waits for any more is not asked for any longer. */
type Asking = Pick<QueryFunctionContext, 'signal'>;

const sessionOrNone = async ({ signal }: Asking): Promise<Session | null> => {
  try {
    return await get<Session>('/session', signal);
  } catch (error) {
    if (isStatus(error, 401)) return null;
    throw error;
  }
};

/** Once asked, the live stream keeps these fresh; asking again is for when the line was down. */
const live = { staleTime: Infinity };

export const useSession = (): UseQueryResult<Session | null> =>
  useQuery({ queryKey: keys.session, queryFn: sessionOrNone, staleTime: Infinity });
export const usePlant = (): UseQueryResult<HeldPlant> =>
  useQuery({
    queryKey: keys.plant,
    queryFn: async ({ signal }) => holdPlant(await get<PlantInfo>('/plant', signal)),
    refetchInterval: ({ state }) => (historyIsWhole(state.data) ? 30_000 : 5_000),
  });

const historyIsWhole = (plant?: PlantInfo): boolean => plant?.history === undefined || plant.history.daysDone >= plant.history.daysTotal;

/** While a plant's past is still being filled in, what a page shows of past days is asked for again with every day that came. */
export const useHistoryAsItComes = (): void => {
  const client = useQueryClient();
  const { data: plant } = usePlant();
  const daysDone = plant?.history?.daysDone;
  const heard = useRef(daysDone);
  useEffect(() => {
    if (heard.current !== undefined && heard.current !== daysDone)
      for (const queryKey of [keys.energy, keys.statements, keys.homeEvents, keys.events, keys.power])
        void client.invalidateQueries({ queryKey });
    heard.current = daysDone;
  }, [client, daysDone]);
};
export const useFleet = (): UseQueryResult<FleetNow> =>
  useQuery({ queryKey: keys.fleet, queryFn: ({ signal }) => get<FleetNow>('/fleet/now', signal), ...live });
export const useSites = (): UseQueryResult<SiteRow[]> =>
  useQuery({ queryKey: keys.sites, queryFn: ({ signal }) => get<SiteRow[]>('/sites', signal), ...live });
export const useDevices = (): UseQueryResult<DeviceRow[]> =>
  useQuery({ queryKey: keys.devices, queryFn: ({ signal }) => get<DeviceRow[]>('/devices', signal), ...live });
export const useEvents = (): UseQueryResult<GridEvent[]> =>
  useQuery({ queryKey: keys.events, queryFn: ({ signal }) => get<GridEvent[]>('/events', signal), refetchInterval: 30_000 });
export const useAlarms = (): UseQueryResult<Alarm[]> =>
  useQuery({ queryKey: keys.alarms, queryFn: ({ signal }) => get<Alarm[]>('/alarms', signal), refetchInterval: 30_000 });

/** Whether a limit is kept changes within seconds, and no stream tells it. */
export const useLimits = (): UseQueryResult<HeldLimit[]> =>
  useQuery({ queryKey: keys.limits, queryFn: ({ signal }) => get<HeldLimit[]>('/limits/held', signal), refetchInterval: 5_000 });
export const useLockOuts = (): UseQueryResult<LockOut[]> =>
  useQuery({ queryKey: keys.lockOuts, queryFn: ({ signal }) => get<LockOut[]>('/lock-outs', signal), refetchInterval: 10_000 });

const planOrNone = async ({ signal }: Asking): Promise<PlanView | null> => {
  try {
    return (await get<PlanView | undefined>('/plan', signal)) ?? null;
  } catch (error) {
    if (isStatus(error, 404)) return null;
    throw error;
  }
};
export const usePlan = (): UseQueryResult<PlanView | null> =>
  useQuery({ queryKey: keys.plan, queryFn: planOrNone, refetchInterval: 30_000 });

export interface PowerQuestion {
  path: '/fleet/power' | '/me/power';
  fromMs: number;
  toMs: number;
  siteId?: string;
}
export const usePower = ({ path, fromMs, toMs, siteId }: PowerQuestion, enabled: boolean): UseQueryResult<PowerSeries> =>
  useQuery({
    enabled,
    queryKey: [...keys.power, path, fromMs, toMs, siteId],
    queryFn: ({ signal }) =>
      get<PowerSeries>(`${path}?fromMs=${fromMs}&toMs=${toMs}${siteId ? `&siteId=${encodeURIComponent(siteId)}` : ''}`, signal),
    refetchInterval: 15_000,
    // Another day is drawn over the one before it, so that the page does not collapse in between.
    placeholderData: (previous) => previous,
  });

export const useHome = (): UseQueryResult<HomeNow> =>
  useQuery({ queryKey: keys.home, queryFn: ({ signal }) => get<HomeNow>('/me/now', signal), ...live });
export const useEnergy = (days: number): UseQueryResult<EnergyDay[]> =>
  useQuery({
    queryKey: [...keys.energy, days],
    queryFn: ({ signal }) => get<EnergyDay[]>(`/me/energy?days=${days}`, signal),
    refetchInterval: 60_000,
    placeholderData: (previous) => previous,
  });
export const useStatements = (days: number): UseQueryResult<Statement[]> =>
  useQuery({
    queryKey: [...keys.statements, days],
    queryFn: ({ signal }) => get<Statement[]>(`/me/statements?days=${days}`, signal),
    refetchInterval: 30_000,
    placeholderData: (previous) => previous,
  });
export const useHomeEvents = (): UseQueryResult<HomeEvent[]> =>
  useQuery({ queryKey: keys.homeEvents, queryFn: ({ signal }) => get<HomeEvent[]>('/me/events', signal), refetchInterval: 30_000 });
/** A list that is being read does not move: it is asked for again only while it has nothing to check, or when the reader wants it. */
export const useProofs = (limit: number): UseQueryResult<ProofRow[]> =>
  useQuery({
    queryKey: [...keys.proofs, limit],
    queryFn: ({ signal }) => get<ProofRow[]>(`/me/proofs?limit=${limit}`, signal),
    refetchInterval: ({ state }) => (state.data?.some(({ anchor }) => anchor) ? false : 10_000),
    staleTime: Infinity,
    placeholderData: (previous) => previous,
  });

export const useProofKeys = (): UseQueryResult<ProofKeys> =>
  useQuery({ queryKey: keys.proofKeys, queryFn: ({ signal }) => get<ProofKeys>('/proof/keys', signal), staleTime: Infinity });
export const useProofStatus = (): UseQueryResult<ProofStatus> =>
  useQuery({ queryKey: keys.proofStatus, queryFn: ({ signal }) => get<ProofStatus>('/proof/status', signal), refetchInterval: 15_000 });

/** A refusal will be the same a second time; only what could not be reached is worth asking for again. */
export const worthRetrying = (failures: number, error: unknown): boolean =>
  failures < 2 && !(error instanceof ApiError && error.problem.status >= 400 && error.problem.status < 500);

/** Back to the login page, with nothing of the pages before it still under way: where the session has ended, it would be refused. */
export const forgetSession = async (client: QueryClient): Promise<void> => {
  client.setQueryData(keys.session, null);
  await client.cancelQueries();
};
