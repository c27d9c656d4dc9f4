import type { Plant } from './plant.js';

/** Tells every room what there is. */
export abstract class PlantDirectory {
  abstract plant(): Plant;
}
