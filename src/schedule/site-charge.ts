/**
 * What a site is charged beside its tariff for its net power at one step in one direction: the further it goes, the dearer. So sites that
 * share a limit are told what it costs them.
 */
export interface SiteCharge {
  readonly step: number;
  /** Import: 1, export: −1. */
  readonly sign: 1 | -1;
  /** The least that it can go, kW, and what is charged there; money per hour. */
  readonly fromKw: number;
  readonly base: number;
  /** From there on so many kW at so much a kWh each, one piece after another; the last has no end. */
  readonly pieces: readonly ChargePiece[];
}

export interface ChargePiece {
  readonly kw: number;
  readonly price: number;
}

/** What is charged for a net power; money per hour. */
export const chargedFor = ({ sign, fromKw, base, pieces }: SiteCharge, netKw: number): number => {
  let leftKw = Math.max(0, sign * netKw - fromKw);
  return pieces.reduce((sum, { kw, price }) => {
    const hereKw = Math.min(kw, leftKw);
    leftKw -= hereKw;
    return sum + hereKw * price;
  }, base);
};
