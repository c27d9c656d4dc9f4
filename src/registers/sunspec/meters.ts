import { sunspecModel } from './model.js';

/** Meters. Layouts: SunSpec Alliance model definitions (github.com/sunspec/models). */

const LAYOUT_201 = `
A int16 A sf=A_SF
AphA int16 A sf=A_SF
AphB int16 A sf=A_SF
AphC int16 A sf=A_SF
A_SF sunssf
PhV int16 V sf=V_SF
PhVphA int16 V sf=V_SF
PhVphB int16 V sf=V_SF
PhVphC int16 V sf=V_SF
PPV int16 V sf=V_SF
PPVphAB int16 V sf=V_SF
PPVphBC int16 V sf=V_SF
PPVphCA int16 V sf=V_SF
V_SF sunssf
Hz int16 Hz sf=Hz_SF
Hz_SF sunssf
W int16 W sf=W_SF
WphA int16 W sf=W_SF
WphB int16 W sf=W_SF
WphC int16 W sf=W_SF
W_SF sunssf
VA int16 VA sf=VA_SF
VAphA int16 VA sf=VA_SF
VAphB int16 VA sf=VA_SF
VAphC int16 VA sf=VA_SF
VA_SF sunssf
VAR int16 var sf=VAR_SF
VARphA int16 var sf=VAR_SF
VARphB int16 var sf=VAR_SF
VARphC int16 var sf=VAR_SF
VAR_SF sunssf
PF int16 Pct sf=PF_SF
PFphA int16 Pct sf=PF_SF
PFphB int16 Pct sf=PF_SF
PFphC int16 Pct sf=PF_SF
PF_SF sunssf
TotWhExp acc32 Wh sf=TotWh_SF
TotWhExpPhA acc32 Wh sf=TotWh_SF
TotWhExpPhB acc32 Wh sf=TotWh_SF
TotWhExpPhC acc32 Wh sf=TotWh_SF
TotWhImp acc32 Wh sf=TotWh_SF
TotWhImpPhA acc32 Wh sf=TotWh_SF
TotWhImpPhB acc32 Wh sf=TotWh_SF
TotWhImpPhC acc32 Wh sf=TotWh_SF
TotWh_SF sunssf
TotVAhExp acc32 VAh sf=TotVAh_SF
TotVAhExpPhA acc32 VAh sf=TotVAh_SF
TotVAhExpPhB acc32 VAh sf=TotVAh_SF
TotVAhExpPhC acc32 VAh sf=TotVAh_SF
TotVAhImp acc32 VAh sf=TotVAh_SF
TotVAhImpPhA acc32 VAh sf=TotVAh_SF
TotVAhImpPhB acc32 VAh sf=TotVAh_SF
TotVAhImpPhC acc32 VAh sf=TotVAh_SF
TotVAh_SF sunssf
TotVArhImpQ1 acc32 varh sf=TotVArh_SF
TotVArhImpQ1PhA acc32 varh sf=TotVArh_SF
TotVArhImpQ1PhB acc32 varh sf=TotVArh_SF
TotVArhImpQ1PhC acc32 varh sf=TotVArh_SF
TotVArhImpQ2 acc32 varh sf=TotVArh_SF
TotVArhImpQ2PhA acc32 varh sf=TotVArh_SF
TotVArhImpQ2PhB acc32 varh sf=TotVArh_SF
TotVArhImpQ2PhC acc32 varh sf=TotVArh_SF
TotVArhExpQ3 acc32 varh sf=TotVArh_SF
TotVArhExpQ3PhA acc32 varh sf=TotVArh_SF
TotVArhExpQ3PhB acc32 varh sf=TotVArh_SF
TotVArhExpQ3PhC acc32 varh sf=TotVArh_SF
TotVArhExpQ4 acc32 varh sf=TotVArh_SF
TotVArhExpQ4PhA acc32 varh sf=TotVArh_SF
TotVArhExpQ4PhB acc32 varh sf=TotVArh_SF
TotVArhExpQ4PhC acc32 varh sf=TotVArh_SF
TotVArh_SF sunssf
Evt bitfield32 - {Power_Failure=2 Under_Voltage=3 Low_PF=4 Over_Current=5 Over_Voltage=6 Missing_Sensor=7 OEM01=16 OEM02=17 OEM03=18 OEM04=19 OEM05=20 OEM06=21 OEM07=22 OEM08=23 OEM09=24 OEM10=25 OEM11=26 OEM12=27 OEM13=28 OEM14=29 OEM15=30}
`;

const LAYOUT_202 = `
A int16 A sf=A_SF
AphA int16 A sf=A_SF
AphB int16 A sf=A_SF
AphC int16 A sf=A_SF
A_SF sunssf
PhV int16 V sf=V_SF
PhVphA int16 V sf=V_SF
PhVphB int16 V sf=V_SF
PhVphC int16 V sf=V_SF
PPV int16 V sf=V_SF
PhVphAB int16 V sf=V_SF
PhVphBC int16 V sf=V_SF
PhVphCA int16 V sf=V_SF
V_SF sunssf
Hz int16 Hz sf=Hz_SF
Hz_SF sunssf
W int16 W sf=W_SF
WphA int16 W sf=W_SF
WphB int16 W sf=W_SF
WphC int16 W sf=W_SF
W_SF sunssf
VA int16 VA sf=VA_SF
VAphA int16 VA sf=VA_SF
VAphB int16 VA sf=VA_SF
VAphC int16 VA sf=VA_SF
VA_SF sunssf
VAR int16 var sf=VAR_SF
VARphA int16 var sf=VAR_SF
VARphB int16 var sf=VAR_SF
VARphC int16 var sf=VAR_SF
VAR_SF sunssf
PF int16 Pct sf=PF_SF
PFphA int16 Pct sf=PF_SF
PFphB int16 Pct sf=PF_SF
PFphC int16 Pct sf=PF_SF
PF_SF sunssf
TotWhExp acc32 Wh sf=TotWh_SF
TotWhExpPhA acc32 Wh sf=TotWh_SF
TotWhExpPhB acc32 Wh sf=TotWh_SF
TotWhExpPhC acc32 Wh sf=TotWh_SF
TotWhImp acc32 Wh sf=TotWh_SF
TotWhImpPhA acc32 Wh sf=TotWh_SF
TotWhImpPhB acc32 Wh sf=TotWh_SF
TotWhImpPhC acc32 Wh sf=TotWh_SF
TotWh_SF sunssf
TotVAhExp acc32 VAh sf=TotVAh_SF
TotVAhExpPhA acc32 VAh sf=TotVAh_SF
TotVAhExpPhB acc32 VAh sf=TotVAh_SF
TotVAhExpPhC acc32 VAh sf=TotVAh_SF
TotVAhImp acc32 VAh sf=TotVAh_SF
TotVAhImpPhA acc32 VAh sf=TotVAh_SF
TotVAhImpPhB acc32 VAh sf=TotVAh_SF
TotVAhImpPhC acc32 VAh sf=TotVAh_SF
TotVAh_SF sunssf
TotVArhImpQ1 acc32 varh sf=TotVArh_SF
TotVArhImpQ1PhA acc32 varh sf=TotVArh_SF
TotVArhImpQ1PhB acc32 varh sf=TotVArh_SF
TotVArhImpQ1PhC acc32 varh sf=TotVArh_SF
TotVArhImpQ2 acc32 varh sf=TotVArh_SF
TotVArhImpQ2PhA acc32 varh sf=TotVArh_SF
TotVArhImpQ2PhB acc32 varh sf=TotVArh_SF
TotVArhImpQ2PhC acc32 varh sf=TotVArh_SF
TotVArhExpQ3 acc32 varh sf=TotVArh_SF
TotVArhExpQ3PhA acc32 varh sf=TotVArh_SF
TotVArhExpQ3PhB acc32 varh sf=TotVArh_SF
TotVArhExpQ3PhC acc32 varh sf=TotVArh_SF
TotVArhExpQ4 acc32 varh sf=TotVArh_SF
TotVArhExpQ4PhA acc32 varh sf=TotVArh_SF
TotVArhExpQ4PhB acc32 varh sf=TotVArh_SF
TotVArhExpQ4PhC acc32 varh sf=TotVArh_SF
TotVArh_SF sunssf
Evt bitfield32 - {M_EVENT_Power_Failure=2 M_EVENT_Under_Voltage=3 M_EVENT_Low_PF=4 M_EVENT_Over_Current=5 M_EVENT_Over_Voltage=6 M_EVENT_Missing_Sensor=7 M_EVENT_Reserved1=8 M_EVENT_Reserved2=9 M_EVENT_Reserved3=10 M_EVENT_Reserved4=11 M_EVENT_Reserved5=12 M_EVENT_Reserved6=13 M_EVENT_Reserved7=14 M_EVENT_Reserved8=15 M_EVENT_OEM01=16 M_EVENT_OEM02=17 M_EVENT_OEM03=18 M_EVENT_OEM04=19 M_EVENT_OEM05=20 M_EVENT_OEM06=21 M_EVENT_OEM07=22 M_EVENT_OEM08=23 M_EVENT_OEM09=24 M_EVENT_OEM10=25 M_EVENT_OEM11=26 M_EVENT_OEM12=27 M_EVENT_OEM13=28 M_EVENT_OEM14=29 M_EVENT_OEM15=30}
`;

const LAYOUT_211 = `
A float32 A
AphA float32 A
AphB float32 A
AphC float32 A
PhV float32 V
PhVphA float32 V
PhVphB float32 V
PhVphC float32 V
PPV float32 V
PPVphAB float32 V
PPVphBC float32 V
PPVphCA float32 V
Hz float32 Hz
W float32 W
WphA float32 W
WphB float32 W
WphC float32 W
VA float32 VA
VAphA float32 VA
VAphB float32 VA
VAphC float32 VA
VAR float32 var
VARphA float32 var
VARphB float32 var
VARphC float32 var
PF float32 PF
PFphA float32 PF
PFphB float32 PF
PFphC float32 PF
TotWhExp float32 Wh
TotWhExpPhA float32 Wh
TotWhExpPhB float32 Wh
TotWhExpPhC float32 Wh
TotWhImp float32 Wh
TotWhImpPhA float32 Wh
TotWhImpPhB float32 Wh
TotWhImpPhC float32 Wh
TotVAhExp float32 VAh
TotVAhExpPhA float32 VAh
TotVAhExpPhB float32 VAh
TotVAhExpPhC float32 VAh
TotVAhImp float32 VAh
TotVAhImpPhA float32 VAh
TotVAhImpPhB float32 VAh
TotVAhImpPhC float32 VAh
TotVArhImpQ1 float32 varh
TotVArhImpQ1phA float32 varh
TotVArhImpQ1phB float32 varh
TotVArhImpQ1phC float32 varh
TotVArhImpQ2 float32 varh
TotVArhImpQ2phA float32 varh
TotVArhImpQ2phB float32 varh
TotVArhImpQ2phC float32 varh
TotVArhExpQ3 float32 varh
TotVArhExpQ3phA float32 varh
TotVArhExpQ3phB float32 varh
TotVArhExpQ3phC float32 varh
TotVArhExpQ4 float32 varh
TotVArhExpQ4phA float32 varh
TotVArhExpQ4phB float32 varh
TotVArhExpQ4phC float32 varh
Evt bitfield32 - {M_EVENT_Power_Failure=2 M_EVENT_Under_Voltage=3 M_EVENT_Low_PF=4 M_EVENT_Over_Current=5 M_EVENT_Over_Voltage=6 M_EVENT_Missing_Sensor=7 M_EVENT_Reserved1=8 M_EVENT_Reserved2=9 M_EVENT_Reserved3=10 M_EVENT_Reserved4=11 M_EVENT_Reserved5=12 M_EVENT_Reserved6=13 M_EVENT_Reserved7=14 M_EVENT_Reserved8=15 M_EVENT_OEM01=16 M_EVENT_OEM02=17 M_EVENT_OEM03=18 M_EVENT_OEM04=19 M_EVENT_OEM05=20 M_EVENT_OEM06=21 M_EVENT_OEM07=22 M_EVENT_OEM08=23 M_EVENT_OEM09=24 M_EVENT_OEM10=25 M_EVENT_OEM11=26 M_EVENT_OEM12=27 M_EVENT_OEM13=28 M_EVENT_OEM14=29 M_EVENT_OEM15=30}
`;

export const MODEL_201 = sunspecModel(201, 'Meter (Single Phase) single phase (AN or AB) meter', LAYOUT_201);
export const MODEL_202 = sunspecModel(202, 'split single phase (ABN) meter', LAYOUT_202);
export const MODEL_203 = sunspecModel(203, 'wye-connect three phase (abcn) meter', LAYOUT_202);
export const MODEL_204 = sunspecModel(204, 'delta-connect three phase (abc) meter', LAYOUT_202);
export const MODEL_211 = sunspecModel(211, 'single phase (AN or AB) meter', LAYOUT_211);
export const MODEL_212 = sunspecModel(212, 'split single phase (ABN) meter', LAYOUT_211);
export const MODEL_213 = sunspecModel(213, 'wye-connect three phase (abcn) meter', LAYOUT_211);
