import { sunspecModel } from './model.js';

/** IEEE 1547-2018 functions. Layouts: SunSpec Alliance model definitions (github.com/sunspec/models). */

const LAYOUT_701 = `
ACType enum16 - {SINGLE_PHASE=0 SPLIT_PHASE=1 THREE_PHASE=2}
St enum16 - {OFF=0 ON=1}
InvSt enum16 - {OFF=0 SLEEPING=1 STARTING=2 RUNNING=3 THROTTLED=4 SHUTTING_DOWN=5 FAULT=6 STANDBY=7}
ConnSt enum16 - {DISCONNECTED=0 CONNECTED=1}
Alrm bitfield32 - {GROUND_FAULT=0 DC_OVER_VOLT=1 AC_DISCONNECT=2 DC_DISCONNECT=3 GRID_DISCONNECT=4 CABINET_OPEN=5 MANUAL_SHUTDOWN=6 OVER_TEMP=7 OVER_FREQUENCY=8 UNDER_FREQUENCY=9 AC_OVER_VOLT=10 AC_UNDER_VOLT=11 BLOWN_STRING_FUSE=12 UNDER_TEMP=13 MEMORY_LOSS=14 HW_TEST_FAILURE=15 MANUFACTURER_ALRM=16}
DERMode bitfield32 - {GRID_FOLLOWING=0 GRID_FORMING=1 PV_CLIPPED=2}
W int16 W sf=W_SF
VA int16 VA sf=VA_SF
Var int16 Var sf=Var_SF
PF int16 - sf=PF_SF
A int16 A sf=A_SF
LLV uint16 V sf=V_SF
LNV uint16 V sf=V_SF
Hz uint32 Hz sf=Hz_SF
TotWhInj uint64 Wh sf=TotWh_SF
TotWhAbs uint64 Wh sf=TotWh_SF
TotVarhInj uint64 Varh sf=TotVarh_SF
TotVarhAbs uint64 Varh sf=TotVarh_SF
TmpAmb int16 C sf=Tmp_SF
TmpCab int16 C sf=Tmp_SF
TmpSnk int16 C sf=Tmp_SF
TmpTrns int16 C sf=Tmp_SF
TmpSw int16 C sf=Tmp_SF
TmpOt int16 C sf=Tmp_SF
WL1 int16 W sf=W_SF
VAL1 int16 VA sf=VA_SF
VarL1 int16 Var sf=Var_SF
PFL1 int16 - sf=PF_SF
AL1 int16 A sf=A_SF
VL1L2 uint16 V sf=V_SF
VL1 uint16 V sf=V_SF
TotWhInjL1 uint64 Wh sf=TotWh_SF
TotWhAbsL1 uint64 Wh sf=TotWh_SF
TotVarhInjL1 uint64 Varh sf=TotVarh_SF
TotVarhAbsL1 uint64 Varh sf=TotVarh_SF
WL2 int16 W sf=W_SF
VAL2 int16 VA sf=VA_SF
VarL2 int16 Var sf=Var_SF
PFL2 int16 - sf=PF_SF
AL2 int16 A sf=A_SF
VL2L3 uint16 V sf=V_SF
VL2 uint16 V sf=V_SF
TotWhInjL2 uint64 Wh sf=TotWh_SF
TotWhAbsL2 uint64 Wh sf=TotWh_SF
TotVarhInjL2 uint64 Varh sf=TotVarh_SF
TotVarhAbsL2 uint64 Varh sf=TotVarh_SF
WL3 int16 W sf=W_SF
VAL3 int16 VA sf=VA_SF
VarL3 int16 Var sf=Var_SF
PFL3 int16 - sf=PF_SF
AL3 int16 A sf=A_SF
VL3L1 uint16 V sf=V_SF
VL3 uint16 V sf=V_SF
TotWhInjL3 uint64 Wh sf=TotWh_SF
TotWhAbsL3 uint64 Wh sf=TotWh_SF
TotVarhInjL3 uint64 Varh sf=TotVarh_SF
TotVarhAbsL3 uint64 Varh sf=TotVarh_SF
ThrotPct uint16 Pct
ThrotSrc bitfield32 - {MAX_W=0 FIXED_W=1 FIXED_VAR=2 FIXED_PF=3 VOLT_VAR=4 FREQ_WATT=5 DYN_REACT_CURR=6 LVRT=7 HVRT=8 WATT_VAR=9 VOLT_WATT=10 SCHEDULED=11 LFRT=12 HFRT=13 DERATED=14}
A_SF sunssf
V_SF sunssf
Hz_SF sunssf
W_SF sunssf
PF_SF sunssf
VA_SF sunssf
Var_SF sunssf
TotWh_SF sunssf
TotVarh_SF sunssf
Tmp_SF sunssf
MnAlrmInfo string*32
`;

const LAYOUT_702 = `
WMaxRtg uint16 W sf=W_SF
WOvrExtRtg uint16 W sf=W_SF
WOvrExtRtgPF uint16 - sf=PF_SF
WUndExtRtg uint16 W sf=W_SF
WUndExtRtgPF uint16 - sf=PF_SF
VAMaxRtg uint16 VA sf=VA_SF
VarMaxInjRtg uint16 Var sf=Var_SF
VarMaxAbsRtg uint16 Var sf=Var_SF
WChaRteMaxRtg uint16 W sf=W_SF
WDisChaRteMaxRtg uint16 W sf=W_SF
VAChaRteMaxRtg uint16 VA sf=VA_SF
VADisChaRteMaxRtg uint16 VA sf=VA_SF
VNomRtg uint16 V sf=V_SF
VMaxRtg uint16 V sf=V_SF
VMinRtg uint16 V sf=V_SF
AMaxRtg uint16 A sf=A_SF
PFOvrExtRtg uint16 - sf=PF_SF
PFUndExtRtg uint16 - sf=PF_SF
ReactSusceptRtg uint16 S sf=S_SF
NorOpCatRtg enum16 - {CAT_A=0 CAT_B=1}
AbnOpCatRtg enum16 - {CAT_1=0 CAT_2=1 CAT_3=2}
CtrlModes bitfield32 - {MAX_W=0 FIXED_W=1 FIXED_VAR=2 FIXED_PF=3 VOLT_VAR=4 FREQ_WATT=5 DYN_REACT_CURR=6 LV_TRIP=7 HV_TRIP=8 WATT_VAR=9 VOLT_WATT=10 SCHEDULED=11 LF_TRIP=12 HF_TRIP=13}
IntIslandCatRtg bitfield16 - {UNCATEGORIZED=0 INT_ISL_CAPABLE=1 BLACK_START_CAPABLE=2 ISOCH_CAPABLE=3}
WMax uint16 W sf=W_SF rw
WMaxOvrExt uint16 W sf=W_SF rw
WOvrExtPF uint16 - sf=PF_SF rw
WMaxUndExt uint16 W sf=W_SF rw
WUndExtPF uint16 - sf=PF_SF rw
VAMax uint16 VA sf=VA_SF rw
VarMaxInj uint16 Var sf=Var_SF rw
VarMaxAbs uint16 Var sf=Var_SF rw
WChaRteMax uint16 W sf=W_SF rw
WDisChaRteMax uint16 W sf=W_SF rw
VAChaRteMax uint16 VA sf=VA_SF rw
VADisChaRteMax uint16 VA sf=VA_SF rw
VNom uint16 V sf=V_SF rw
VMax uint16 V sf=V_SF rw
VMin uint16 V sf=V_SF rw
AMax uint16 A sf=A_SF rw
PFOvrExt uint16 - sf=PF_SF rw
PFUndExt uint16 - sf=PF_SF rw
IntIslandCat bitfield16 - rw {UNCATEGORIZED=0 INT_ISL_CAPABLE=1 BLACK_START_CAPABLE=2 ISOCH_CAPABLE=3}
W_SF sunssf
PF_SF sunssf
VA_SF sunssf
Var_SF sunssf
V_SF sunssf
A_SF sunssf
S_SF sunssf
`;

const LAYOUT_703 = `
ES enum16 - rw {DISABLED=0 ENABLED=1}
ESVHi uint16 Pct sf=V_SF rw
ESVLo uint16 Pct sf=V_SF rw
ESHzHi uint32 Hz sf=Hz_SF rw
ESHzLo uint32 Hz sf=Hz_SF rw
ESDlyTms uint32 Secs rw
ESRndTms uint32 Secs rw
ESRmpTms uint32 Secs rw
ESDlyRemTms uint32 Secs
V_SF sunssf
Hz_SF sunssf
`;

const LAYOUT_704 = `
PFWInjEna enum16 - rw {DISABLED=0 ENABLED=1}
PFWInjEnaRvrt enum16 - rw {DISABLED=0 ENABLED=1}
PFWInjRvrtTms uint32 Secs rw
PFWInjRvrtRem uint32 Secs
PFWAbsEna enum16 - rw {DISABLED=0 ENABLED=1}
PFWAbsEnaRvrt enum16 - rw {DISABLED=0 ENABLED=1}
PFWAbsRvrtTms uint32 Secs rw
PFWAbsRvrtRem uint32 Secs
WMaxLimPctEna enum16 - rw {DISABLED=0 ENABLED=1}
WMaxLimPct uint16 Pct sf=WMaxLimPct_SF rw
WMaxLimPctRvrt uint16 Pct sf=WMaxLimPct_SF rw
WMaxLimPctEnaRvrt enum16 - rw {DISABLED=0 ENABLED=1}
WMaxLimPctRvrtTms uint32 Secs rw
WMaxLimPctRvrtRem uint32 Secs
WSetEna enum16 - rw {DISABLED=0 ENABLED=1}
WSetMod enum16 - rw {W_MAX_PCT=0 WATTS=1}
WSet int32 W sf=WSet_SF rw
WSetRvrt int32 W sf=WSet_SF rw
WSetPct int16 Pct sf=WSetPct_SF rw
WSetPctRvrt int16 Pct sf=WSetPct_SF rw
WSetEnaRvrt enum16 - rw {DISABLED=0 ENABLED=1}
WSetRvrtTms uint32 Secs rw
WSetRvrtRem uint32 Secs
VarSetEna enum16 - rw {DISABLED=0 ENABLED=1}
VarSetMod enum16 - rw {W_MAX_PCT=0 VAR_MAX_PCT=1 VAR_AVAIL_PCT=2 VA_MAX_PCT=3 VARS=4}
VarSetPri enum16 - rw {ACTIVE=0 REACTIVE=1 VENDOR=2}
VarSet int32 Var sf=VarSet_SF rw
VarSetRvrt int32 Var sf=VarSet_SF rw
VarSetPct int16 Pct sf=VarSetPct_SF rw
VarSetPctRvrt int16 Pct sf=VarSetPct_SF rw
VarSetEnaRvrt enum16 - rw {DISABLED=0 ENABLED=1}
VarSetRvrtTms uint32 Secs rw
VarSetRvrtRem uint32 Secs
WRmp uint16 %Max/Sec rw
WRmpRef enum16 - rw {A_MAX=0 W_MAX=1}
VarRmp uint16 %Max/Sec rw
AntiIslEna enum16 - rw {DISABLED=0 ENABLED=1}
PF_SF sunssf
WMaxLimPct_SF sunssf
WSet_SF sunssf
WSetPct_SF sunssf
VarSet_SF sunssf
VarSetPct_SF sunssf
group PFWInj
  PF uint16 - sf=PF_SF rw
  Ext enum16 - rw {OVER_EXCITED=0 UNDER_EXCITED=1}
end
group PFWInjRvrt
  PF uint16 - sf=PF_SF rw
  Ext enum16 - rw {OVER_EXCITED=0 UNDER_EXCITED=1}
end
group PFWAbs
  PF uint16 - sf=PF_SF rw
  Ext enum16 - rw {OVER_EXCITED=0 UNDER_EXCITED=1}
end
group PFWAbsRvrt
  PF uint16 - sf=PF_SF rw
  Ext enum16 - rw {OVER_EXCITED=0 UNDER_EXCITED=1}
end
`;

const LAYOUT_713 = `
WHRtg uint16 WH sf=WH_SF
WHAvail uint16 WH sf=WH_SF
SoC uint16 Pct sf=Pct_SF
SoH uint16 Pct sf=Pct_SF
Sta enum16 - {OK=0 WARNING=1 ERROR=2}
WH_SF sunssf
Pct_SF sunssf
`;

const LAYOUT_714 = `
PrtAlrms bitfield32
NPrt uint16
DCA int16 A sf=DCA_SF
DCW int16 W sf=DCW_SF
DCWhInj uint64 Wh sf=DCWH_SF
DCWhAbs uint64 Wh sf=DCWH_SF
DCA_SF sunssf
DCV_SF sunssf
DCW_SF sunssf
DCWH_SF sunssf
Tmp_SF sunssf
group Prt count=NPrt
  PrtTyp enum16 - {PV=0 ESS=1 EV=2 INJ=3 ABS=4 BIDIR=5 DC_DC=6}
  ID uint16
  IDStr string*8
  DCA int16 A sf=DCA_SF
  DCV uint16 V sf=DCV_SF
  DCW int16 W sf=DCW_SF
  DCWhInj uint64 Wh sf=DCWH_SF
  DCWhAbs uint64 Wh sf=DCWH_SF
  Tmp int16 C sf=Tmp_SF
  DCSta enum16 - {OFF=0 ON=1 WARNING=2 ERROR=3}
  DCAlrm bitfield32 - {GROUND_FAULT=0 INPUT_OVER_VOLTAGE=1 DC_DISCONNECT=3 CABINET_OPEN=5 MANUAL_SHUTDOWN=6 OVER_TEMP=7 BLOWN_FUSE=12 UNDER_TEMP=13 MEMORY_LOSS=14 ARC_DETECTION=15 RESERVED=19 TEST_FAILED=20 INPUT_UNDER_VOLTAGE=21 INPUT_OVER_CURRENT=22}
end
`;

const LAYOUT_715 = `
LocRemCtl enum16 - {REMOTE=0 LOCAL=1}
DERHb uint32
ControllerHb uint32 - rw
AlarmReset uint16 - rw
OpCtl enum16 - rw {STOP=0 START=1 ENTER_STANDBY=2 EXIT_STANDBY=3}
`;

export const MODEL_701 = sunspecModel(701, 'DER AC Measurement', LAYOUT_701);
export const MODEL_702 = sunspecModel(702, 'DER Capacity', LAYOUT_702);
export const MODEL_703 = sunspecModel(703, 'Enter Service', LAYOUT_703);
export const MODEL_704 = sunspecModel(704, 'DER AC Controls', LAYOUT_704);
export const MODEL_713 = sunspecModel(713, 'DER Storage Capacity', LAYOUT_713);
export const MODEL_714 = sunspecModel(714, 'DER DC Measurement', LAYOUT_714);
export const MODEL_715 = sunspecModel(715, 'DERCtl', LAYOUT_715);
