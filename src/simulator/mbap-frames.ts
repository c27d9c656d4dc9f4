/** Transaction, protocol and length, two bytes each, and the unit id (Modbus messaging on TCP/IP 1.0b, §3.1.3). */
export const HEADER_BYTES = 7;
/** Unit id and the longest protocol data unit. */
const LONGEST_LENGTH = 254;

/** Puts what comes over a stream together to Modbus TCP frames. */
export class MbapFrames {
  private pending: Buffer = Buffer.alloc(0);

  /** The frames that are whole with these bytes; `undefined` where it is no Modbus, since nobody can tell then where one begins. */
  add(data: Buffer): Buffer[] | undefined {
    this.pending = this.pending.length === 0 ? data : Buffer.concat([this.pending, data]);
    const frames: Buffer[] = [];
    while (this.pending.length > HEADER_BYTES) {
      const length = this.pending.readUInt16BE(4);
      if (this.pending.readUInt16BE(2) !== 0 || length < 2 || length > LONGEST_LENGTH) return undefined;
      if (this.pending.length < 6 + length) break;
      frames.push(this.pending.subarray(0, 6 + length));
      this.pending = this.pending.subarray(6 + length);
    }
    return frames;
  }
}

/** A frame with another protocol data unit: the function code and what follows it. */
export const withPdu = (frame: Buffer, pdu: Buffer): Buffer => {
  const head = Buffer.alloc(HEADER_BYTES);
  frame.copy(head, 0, 0, 4);
  head.writeUInt16BE(pdu.length + 1, 4);
  head[6] = frame[6]!;
  return Buffer.concat([head, pdu]);
};
