import { sunspecModel } from './model.js';

/** Inverter measurements. Layouts: SunSpec Alliance model definitions (github.com/sunspec/models). */

const LAYOUT_101 = `
A uint16 A sf=A_SF
AphA uint16 A sf=A_SF
AphB uint16 A sf=A_SF
AphC uint16 A sf=A_SF
A_SF sunssf
PPVphAB uint16 V sf=V_SF
PPVphBC uint16 V sf=V_SF
PPVphCA uint16 V sf=V_SF
PhVphA uint16 V sf=V_SF
PhVphB uint16 V sf=V_SF
PhVphC uint16 V sf=V_SF
V_SF sunssf
W int16 W sf=W_SF
W_SF sunssf
Hz uint16 Hz sf=Hz_SF
Hz_SF sunssf
VA int16 VA sf=VA_SF
VA_SF sunssf
VAr int16 var sf=VAr_SF
VAr_SF sunssf
PF int16 Pct sf=PF_SF
PF_SF sunssf
WH acc32 Wh sf=WH_SF
WH_SF sunssf
DCA uint16 A sf=DCA_SF
DCA_SF sunssf
DCV uint16 V sf=DCV_SF
DCV_SF sunssf
DCW int16 W sf=DCW_SF
DCW_SF sunssf
TmpCab int16 C sf=Tmp_SF
TmpSnk int16 C sf=Tmp_SF
TmpTrns int16 C sf=Tmp_SF
TmpOt int16 C sf=Tmp_SF
Tmp_SF sunssf
St enum16 - {OFF=1 SLEEPING=2 STARTING=3 MPPT=4 THROTTLED=5 SHUTTING_DOWN=6 FAULT=7 STANDBY=8}
StVnd enum16
Evt1 bitfield32 - {GROUND_FAULT=0 DC_OVER_VOLT=1 AC_DISCONNECT=2 DC_DISCONNECT=3 GRID_DISCONNECT=4 CABINET_OPEN=5 MANUAL_SHUTDOWN=6 OVER_TEMP=7 OVER_FREQUENCY=8 UNDER_FREQUENCY=9 AC_OVER_VOLT=10 AC_UNDER_VOLT=11 BLOWN_STRING_FUSE=12 UNDER_TEMP=13 MEMORY_LOSS=14 HW_TEST_FAILURE=15}
Evt2 bitfield32
EvtVnd1 bitfield32
EvtVnd2 bitfield32
EvtVnd3 bitfield32
EvtVnd4 bitfield32
`;

const LAYOUT_111 = `
A float32 A
AphA float32 A
AphB float32 A
AphC float32 A
PPVphAB float32 V
PPVphBC float32 V
PPVphCA float32 V
PhVphA float32 V
PhVphB float32 V
PhVphC float32 V
W float32 W
Hz float32 Hz
VA float32 VA
VAr float32 var
PF float32 Pct
WH float32 Wh
DCA float32 A
DCV float32 V
DCW float32 W
TmpCab float32 C
TmpSnk float32 C
TmpTrns float32 C
TmpOt float32 C
St enum16 - {ggOFF=1 ggSLEEPING=2 ggSTARTING=3 ggMPPT=4 ggTHROTTLED=5 ggSHUTTING_DOWN=6 ggFAULT=7 ggSTANDBY=8}
StVnd enum16
Evt1 bitfield32 - {GROUND_FAULT=0 DC_OVER_VOLT=1 AC_DISCONNECT=2 DC_DISCONNECT=3 GRID_DISCONNECT=4 CABINET_OPEN=5 MANUAL_SHUTDOWN=6 OVER_TEMP=7 OVER_FREQUENCY=8 UNDER_FREQUENCY=9 AC_OVER_VOLT=10 AC_UNDER_VOLT=11 BLOWN_STRING_FUSE=12 UNDER_TEMP=13 MEMORY_LOSS=14 HW_TEST_FAILURE=15}
Evt2 bitfield32
EvtVnd1 bitfield32
EvtVnd2 bitfield32
EvtVnd3 bitfield32
EvtVnd4 bitfield32
`;

const LAYOUT_112 = `
A float32 A
AphA float32 A
AphB float32 A
AphC float32 A
PPVphAB float32 V
PPVphBC float32 V
PPVphCA float32 V
PhVphA float32 V
PhVphB float32 V
PhVphC float32 V
W float32 W
Hz float32 Hz
VA float32 VA
VAr float32 var
PF float32 Pct
WH float32 Wh
DCA float32 A
DCV float32 V
DCW float32 W
TmpCab float32 C
TmpSnk float32 C
TmpTrns float32 C
TmpOt float32 C
St enum16 - {OFF=1 SLEEPING=2 STARTING=3 MPPT=4 THROTTLED=5 SHUTTING_DOWN=6 FAULT=7 STANDBY=8}
StVnd enum16
Evt1 bitfield32 - {GROUND_FAULT=0 DC_OVER_VOLT=1 AC_DISCONNECT=2 DC_DISCONNECT=3 GRID_DISCONNECT=4 CABINET_OPEN=5 MANUAL_SHUTDOWN=6 OVER_TEMP=7 OVER_FREQUENCY=8 UNDER_FREQUENCY=9 AC_OVER_VOLT=10 AC_UNDER_VOLT=11 BLOWN_STRING_FUSE=12 UNDER_TEMP=13 MEMORY_LOSS=14 HW_TEST_FAILURE=15}
Evt2 bitfield32
EvtVnd1 bitfield32
EvtVnd2 bitfield32
EvtVnd3 bitfield32
EvtVnd4 bitfield32
`;

export const MODEL_101 = sunspecModel(101, 'Inverter (Single Phase)', LAYOUT_101);
export const MODEL_102 = sunspecModel(102, 'Inverter (Split-Phase)', LAYOUT_101);
export const MODEL_103 = sunspecModel(103, 'Inverter (Three Phase)', LAYOUT_101);
export const MODEL_111 = sunspecModel(111, 'Inverter (Single Phase) FLOAT', LAYOUT_111);
export const MODEL_112 = sunspecModel(112, 'Inverter (Split Phase) FLOAT', LAYOUT_112);
export const MODEL_113 = sunspecModel(113, 'Inverter (Three Phase) FLOAT', LAYOUT_112);
