import { randomBytes } from 'node:crypto';
import { createSocket } from 'node:dgram';
import { isIP } from 'node:net';
import { AdapterError, messageOf } from '../kernel/errors.js';
import type { DurationMs } from '../kernel/units.js';
import { wallMs } from './clock.js';
import { TimeSource } from './time-source.port.js';

/** Seconds from 1900, where NTP counts from, to 1970. */
const NTP_TO_UNIX_S = 2_208_988_800;
const PACKET_BYTES = 48;
const TIMEOUT_MS: DurationMs = 3_000;
/** Leap indicator 0, version 4, mode 3 (client): RFC 5905, figure 8. */
const CLIENT_V4 = 0x23;
const SERVER_MODE = 4;
const UNSYNCHRONISED = 3;

/** A server of the Network Time Protocol. */
export interface TimeServer {
  readonly host: string;
  readonly port: number;
}

/** The word of one time server. */
export class SntpTime extends TimeSource {
  constructor(private readonly server: TimeServer) {
    super();
  }

  offsetMs(): Promise<DurationMs> {
    return offsetByTimeServer(this.server);
  }
}

/**
 * How far the wall clock is behind a time server, negative where it is ahead: one SNTP exchange (RFC 5905, section 14), off by half of
 * what its way there and back differ. Throws an `AdapterError` where the server does not answer, or does not know the time.
 */
const offsetByTimeServer = async ({ host, port }: TimeServer): Promise<DurationMs> => {
  const socket = createSocket(isIP(host) === 6 ? 'udp6' : 'udp4');
  const request = Buffer.alloc(PACKET_BYTES);
  request[0] = CLIENT_V4;
  // The server gives it back as it is: whoever cannot see the request cannot forge an answer.
  const nonce = randomBytes(8);
  nonce.copy(request, 40);
  try {
    let sentMs = 0;
    const answer = await new Promise<Buffer>((resolve, reject) => {
      setTimeout(() => reject(new Error(`no answer within ${TIMEOUT_MS} ms`)), TIMEOUT_MS).unref();
      socket.on('error', reject);
      socket.on('message', (packet) => {
        if (packet.length >= PACKET_BYTES && packet.subarray(24, 32).equals(nonce)) resolve(packet);
      });
      socket.send(request, port, host, (error) => (error ? reject(error) : (sentMs = wallMs())));
    });
    const receivedMs = wallMs();
    const { leap, mode, stratum } = headOf(answer);
    if (mode !== SERVER_MODE || leap === UNSYNCHRONISED || stratum === 0 || stratum > 15)
      throw new Error('it does not know the time itself');
    return (momentAt(answer, 32) - sentMs + momentAt(answer, 40) - receivedMs) / 2;
  } catch (error) {
    throw new AdapterError(`time server ${host}:${port}: ${messageOf(error)}`, true, { cause: error });
  } finally {
    socket.close();
  }
};

const headOf = (packet: Buffer): { leap: number; mode: number; stratum: number } => ({
  leap: packet[0]! >> 6,
  mode: packet[0]! & 7,
  stratum: packet[1]!,
});

const momentAt = (packet: Buffer, at: number): number =>
  (packet.readUInt32BE(at) - NTP_TO_UNIX_S) * 1_000 + (packet.readUInt32BE(at + 4) / 2 ** 32) * 1_000;
