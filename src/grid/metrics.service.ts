import { Injectable } from '@nestjs/common';
import { collectDefaultMetrics, Gauge, Registry } from 'prom-client';
import { BUS_FLOWS } from '../kernel/flow.js';
import { Clock } from '../platform/clock.js';
import { ProofService } from '../proof/proof.service.js';
import { FleetViewService } from './fleet-view.service.js';

/** The plant's figures for Prometheus, read when they are asked for. */
@Injectable()
export class MetricsService {
  private readonly registry = new Registry();
  private readonly power = this.gauge('vpp_power_watts', 'Power into the sites’ buses, by flow', ['flow']);
  private readonly stored = this.gauge('vpp_stored_watt_hours', 'Energy in all batteries that answer', []);
  private readonly devices = this.gauge('vpp_devices', 'Devices by health', ['health']);
  private readonly leases = this.gauge('vpp_leases', 'Setpoints in force', []);
  private readonly writes = this.gauge('vpp_register_writes_last_day', 'Writes of each device’s most written register', ['device']);
  private readonly alarms = this.gauge('vpp_open_alarms', 'Alarms that stand', []);
  private readonly leaves = this.gauge('vpp_proof_leaves', 'Records in the log, and of those under an anchor', ['state']);

  constructor(
    private readonly view: FleetViewService,
    private readonly proof: ProofService,
    private readonly clock: Clock,
  ) {
    collectDefaultMetrics({ register: this.registry });
  }

  async text(): Promise<string> {
    const now = this.view.fleetNow(this.clock.now(), undefined);
    for (const flow of BUS_FLOWS) this.power.set({ flow }, now.powersW[flow]);
    this.power.set({ flow: 'load' }, now.loadW);
    this.stored.set(now.storedWh);
    for (const [health, count] of Object.entries(now.devices)) this.devices.set({ health }, count);
    this.leases.set(now.dispatch.leases);
    for (const [device, count] of this.view.writesLastDay()) this.writes.set({ device }, count);
    this.alarms.set(now.openAlarms);
    const { leaves, anchoredLeaves } = await this.proof.status();
    this.leaves.set({ state: 'recorded' }, leaves);
    this.leaves.set({ state: 'anchored' }, anchoredLeaves);
    return this.registry.metrics();
  }

  private gauge<Label extends string>(name: string, help: string, labelNames: Label[]): Gauge<Label> {
    return new Gauge({ name, help, labelNames, registers: [this.registry] });
  }
}
