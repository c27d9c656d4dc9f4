import { ConflictException, GoneException, NotFoundException } from '@nestjs/common';
import type { SiteId } from '../fleet/plant.js';
import type { BundleOutcome } from '../proof/proof.service.js';

/** The bundle's bytes, or the HTTP exception that says why there is none. Of other sites than `siteId`, where given, there is none. */
export const bundleOrProblem = (outcome: BundleOutcome, leafIndex: number, siteId?: SiteId): string => {
  if (outcome.kind === 'unknown' || (siteId !== undefined && outcome.siteId !== siteId))
    throw new NotFoundException(
      siteId === undefined ? `There is no proof ${leafIndex}.` : `There is no proof ${leafIndex} of your devices.`,
    );
  if (outcome.kind === 'not-anchored') throw new ConflictException('This record is not anchored yet; try again in a minute.');
  if (outcome.kind === 'erased') throw new GoneException('The records of this household were erased.');
  return outcome.file;
};
