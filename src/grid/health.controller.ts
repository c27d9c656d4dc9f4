import { Controller, Get, Header } from '@nestjs/common';
import { ApiOkResponse, ApiTags } from '@nestjs/swagger';
import {
  HealthCheck,
  type HealthCheckResult,
  HealthCheckService,
  type HealthIndicatorResult,
  HealthIndicatorService,
  TypeOrmHealthIndicator,
} from '@nestjs/terminus';
import { DispatchService } from '../dispatch/dispatch.service.js';
import { Open } from '../platform/auth.guard.js';
import { MetricsService } from './metrics.service.js';

@Open()
@ApiTags('health')
@Controller('api')
export class HealthController {
  constructor(
    private readonly health: HealthCheckService,
    private readonly database: TypeOrmHealthIndicator,
    private readonly indicators: HealthIndicatorService,
    private readonly dispatch: DispatchService,
    private readonly metrics: MetricsService,
  ) {}

  @Get('health')
  @HealthCheck()
  check(): Promise<HealthCheckResult> {
    return this.health.check([() => this.database.pingCheck('database'), () => this.dispatchHealth()]);
  }

  /** For Prometheus. */
  @Get('metrics')
  @ApiOkResponse({ content: { 'text/plain': { schema: { type: 'string' } } } })
  @Header('content-type', 'text/plain; version=0.0.4')
  prometheus(): Promise<string> {
    return this.metrics.text();
  }

  /** A plant that an operator released is well; one that holds because something broke is not. */
  private dispatchHealth(): HealthIndicatorResult {
    const { mode, reason } = this.dispatch.now();
    const indicator = this.indicators.check('dispatch');
    return mode === 'holding' ? indicator.down({ mode, reason }) : indicator.up({ mode });
  }
}
