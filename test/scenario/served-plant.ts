import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { freePort } from './free-port.js';
import { type Login, RunningPlant } from './running-plant.js';
import { runVpp, VppProcess } from './vpp-process.js';

export const OPERATOR: Login = { name: 'olga', password: 'correct horse battery' };

const fleet = (port: number): string => `name: Two at home
zone: Europe/Berlin
currency: EUR
tariff: { import: { pricePerKwh: 0.3 }, export: 0.08 }
households: [{ id: anna, name: Anna }]
sites:
  - id: home
    name: Home
    household: anna
    importLimitW: 15000
    exportLimitW: 10000
    devices:
      - { id: meter, name: Meter, role: grid-meter, modbus: { host: 127.0.0.1, port: ${port}, unitId: 1 }, pollPeriodMs: 200, ratedW: 15000 }
      - { id: roof, name: Roof, role: pv, modbus: { host: 127.0.0.1, port: ${port}, unitId: 2 }, pollPeriodMs: 200, ratedW: 5000, reversion: device }
`;

/** `vpp serve` on virtual hardware, in a folder that outlives it. */
export class ServedPlant {
  readonly folder = mkdtempSync(join(tmpdir(), 'heliograph-'));
  readonly fleetFile = join(this.folder, 'fleet.yaml');
  private hardware: VppProcess | undefined;
  private served: RunningPlant | undefined;

  get dataDir(): string {
    return join(this.folder, 'data');
  }

  get running(): RunningPlant {
    return this.served!;
  }

  env(dataDir = this.dataDir): Record<string, string> {
    return {
      VPP_DATA_DIR: dataDir,
      VPP_LOG_LEVEL: 'warn',
      VPP_INTERVAL_MINUTES: '1',
      VPP_USER: OPERATOR.name,
      VPP_PASSWORD: OPERATOR.password,
    };
  }

  async prepare(): Promise<void> {
    writeFileSync(this.fleetFile, fleet(await freePort()));
    this.hardware = new VppProcess(['simulate', '--fleet', this.fleetFile, '--json']);
    await this.hardware.firstLine();
    const added = await runVpp(['user', 'add', OPERATOR.name], { env: this.env(), input: `${OPERATOR.password}\n` });
    if (added.code !== 0) throw new Error(added.stderr);
  }

  async start(dataDir = this.dataDir, fleetFile = this.fleetFile): Promise<void> {
    this.served = await RunningPlant.start(['serve', '--fleet', fleetFile], this.env(dataDir));
    await this.served.until<{ health: string }[]>(
      '/api/devices',
      (devices) => devices.every(({ health }) => health === 'online'),
      OPERATOR,
    );
  }

  vpp(...words: string[]): ReturnType<typeof runVpp> {
    return runVpp(words, { env: this.env() });
  }

  async end(): Promise<void> {
    await this.served?.process.end('SIGKILL');
    await this.hardware?.end('SIGINT');
    rmSync(this.folder, { recursive: true });
  }
}
