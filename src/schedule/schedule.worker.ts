import { serveJobs } from '../platform/worker-pool.js';
import { solvePlan } from './adapters/highs-plan.js';
import type { SolveRequest } from './highs-job.js';
import type { Schedule } from './schedule.js';

serveJobs<SolveRequest, Schedule>(({ problem, limits }) => solvePlan(problem, limits));
