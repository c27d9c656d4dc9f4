import { BadInput } from '../../kernel/errors.js';
import { parseScenario } from './scenario-file.js';

/** Every fault of a scenario, as its author is told of it; none where it is good. */
export const faultsOf = (text: string): readonly string[] => {
  try {
    parseScenario('story.yaml', text);
  } catch (error) {
    if (error instanceof BadInput) return error.faults;
    throw error;
  }
  return [];
};
