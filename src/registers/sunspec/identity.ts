import { sunspecModel } from './model.js';

/** Who made the device. Layouts: SunSpec Alliance model definitions (github.com/sunspec/models). */

const LAYOUT_1 = `
Mn string*16
Md string*16
Opt string*8
Vr string*8
SN string*16
DA uint16 - rw
Pad pad
`;

export const MODEL_1 = sunspecModel(1, 'Common', LAYOUT_1);
