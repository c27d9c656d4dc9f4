import type { EpochMs, Watt } from './units.js';

export interface PvArray {
  /** DC power of the modules under standard test conditions. */
  readonly peakW: Watt;
  /** 0 lies flat, 90 stands upright. */
  readonly tiltDeg: number;
  /** Where it looks: 0 north, 90 east, 180 south. */
  readonly azimuthDeg: number;
}

const RADIAN = Math.PI / 180;
/** Modules are hot, wires have resistance, glass is dusty: IEC 61724 calls what is left the performance ratio. */
const PERFORMANCE_RATIO = 0.86;
const STANDARD_IRRADIANCE = 1_000;
const GROUND_ALBEDO = 0.2;

/** Where the sun stands, as cosines: of its angle from the zenith, and its direction (east, north, up). */
export interface SunDirection {
  readonly east: number;
  readonly north: number;
  readonly up: number;
}

/**
 * The direction of the sun by the Astronomical Almanac's approximation (Michalsky, Solar Energy 40(3), 1988), good to 0.01°
 * from 1950 to 2050. Refraction is left out.
 */
export const sunDirection = (atMs: EpochMs, latitude: number, longitude: number): SunDirection => {
  const days = atMs / 86_400_000 + 2_440_587.5 - 2_451_545;
  const meanLongitude = 280.46 + 0.985_647_4 * days;
  const meanAnomaly = (357.528 + 0.985_600_3 * days) * RADIAN;
  const eclipticLongitude = (meanLongitude + 1.915 * Math.sin(meanAnomaly) + 0.02 * Math.sin(2 * meanAnomaly)) * RADIAN;
  const obliquity = (23.439 - 0.000_000_4 * days) * RADIAN;
  const rightAscension = Math.atan2(Math.cos(obliquity) * Math.sin(eclipticLongitude), Math.cos(eclipticLongitude));
  const declination = Math.asin(Math.sin(obliquity) * Math.sin(eclipticLongitude));
  const siderealHours = 6.697_375 + 0.065_709_824_2 * days + ((atMs / 3_600_000) % 24);
  const hourAngle = (siderealHours * 15 + longitude) * RADIAN - rightAscension;
  const [sinLat, cosLat] = [Math.sin(latitude * RADIAN), Math.cos(latitude * RADIAN)];
  const [sinDec, cosDec] = [Math.sin(declination), Math.cos(declination)];
  return {
    east: -cosDec * Math.sin(hourAngle),
    north: sinDec * cosLat - cosDec * sinLat * Math.cos(hourAngle),
    up: sinDec * sinLat + cosDec * cosLat * Math.cos(hourAngle),
  };
};

/**
 * Power of an array under a clear sky. Global irradiance by Haurwitz (1945); the direct beam by Meinel (1976) through the
 * air mass of Kasten and Young (1989); the rest is diffuse and comes evenly from the sky and off the ground (Liu and Jordan
 * 1963).
 */
export const clearSkyW = (array: PvArray, sun: SunDirection): Watt => {
  const { up } = sun;
  if (up <= 0) return 0;
  const globalWm2 = 1_098 * up * Math.exp(-0.059 / up);
  const zenithDeg = Math.acos(Math.min(1, up)) / RADIAN;
  const airMass = 1 / (up + 0.505_72 * (96.079_95 - zenithDeg) ** -1.636_4);
  const beamWm2 = Math.min(1_353 * 0.7 ** (airMass ** 0.678), globalWm2 / up);
  const diffuseWm2 = globalWm2 - beamWm2 * up;
  const [sinTilt, cosTilt] = [Math.sin(array.tiltDeg * RADIAN), Math.cos(array.tiltDeg * RADIAN)];
  const facing = Math.sin(array.azimuthDeg * RADIAN) * sun.east + Math.cos(array.azimuthDeg * RADIAN) * sun.north;
  const incidence = Math.max(0, up * cosTilt + facing * sinTilt);
  const planeWm2 = beamWm2 * incidence + (diffuseWm2 * (1 + cosTilt)) / 2 + (GROUND_ALBEDO * globalWm2 * (1 - cosTilt)) / 2;
  return (array.peakW * planeWm2 * PERFORMANCE_RATIO) / STANDARD_IRRADIANCE;
};
