import { sunspecModel } from './model.js';

/** Nameplate, settings, status, immediate and storage controls. Layouts: SunSpec Alliance model definitions (github.com/sunspec/models). */

const LAYOUT_120 = `
DERTyp enum16 - {PV=4 PV_STOR=82}
WRtg uint16 W sf=WRtg_SF
WRtg_SF sunssf
VARtg uint16 VA sf=VARtg_SF
VARtg_SF sunssf
VArRtgQ1 int16 var sf=VArRtg_SF
VArRtgQ2 int16 var sf=VArRtg_SF
VArRtgQ3 int16 var sf=VArRtg_SF
VArRtgQ4 int16 var sf=VArRtg_SF
VArRtg_SF sunssf
ARtg uint16 A sf=ARtg_SF
ARtg_SF sunssf
PFRtgQ1 int16 cos() sf=PFRtg_SF
PFRtgQ2 int16 cos() sf=PFRtg_SF
PFRtgQ3 int16 cos() sf=PFRtg_SF
PFRtgQ4 int16 cos() sf=PFRtg_SF
PFRtg_SF sunssf
WHRtg uint16 Wh sf=WHRtg_SF
WHRtg_SF sunssf
AhrRtg uint16 AH sf=AhrRtg_SF
AhrRtg_SF sunssf
MaxChaRte uint16 W sf=MaxChaRte_SF
MaxChaRte_SF sunssf
MaxDisChaRte uint16 W sf=MaxDisChaRte_SF
MaxDisChaRte_SF sunssf
Pad pad
`;

const LAYOUT_121 = `
WMax uint16 W sf=WMax_SF rw
VRef uint16 V sf=VRef_SF rw
VRefOfs int16 V sf=VRefOfs_SF rw
VMax uint16 V sf=VMinMax_SF rw
VMin uint16 V sf=VMinMax_SF rw
VAMax uint16 VA sf=VAMax_SF rw
VArMaxQ1 int16 var sf=VArMax_SF rw
VArMaxQ2 int16 var sf=VArMax_SF rw
VArMaxQ3 int16 var sf=VArMax_SF rw
VArMaxQ4 int16 var sf=VArMax_SF rw
WGra uint16 %_WMax/sec sf=WGra_SF rw
PFMinQ1 int16 cos() sf=PFMin_SF rw
PFMinQ2 int16 cos() sf=PFMin_SF rw
PFMinQ3 int16 cos() sf=PFMin_SF rw
PFMinQ4 int16 cos() sf=PFMin_SF rw
VArAct enum16 - rw {SWITCH=1 MAINTAIN=2}
ClcTotVA enum16 - rw {VECTOR=1 ARITHMETIC=2}
MaxRmpRte uint16 %_WGra sf=MaxRmpRte_SF rw
ECPNomHz uint16 Hz sf=ECPNomHz_SF rw
ConnPh enum16 - rw {A=1 B=2 C=3}
WMax_SF sunssf
VRef_SF sunssf
VRefOfs_SF sunssf
VMinMax_SF sunssf
VAMax_SF sunssf
VArMax_SF sunssf
WGra_SF sunssf
PFMin_SF sunssf
MaxRmpRte_SF sunssf
ECPNomHz_SF sunssf
`;

const LAYOUT_122 = `
PVConn bitfield16 - {CONNECTED=0 AVAILABLE=1 OPERATING=2 TEST=3}
StorConn bitfield16 - {CONNECTED=0 AVAILABLE=1 OPERATING=2 TEST=3}
ECPConn bitfield16 - {DISCONNECTED=0 CONNECTED=1}
ActWh acc64 Wh
ActVAh acc64 VAh
ActVArhQ1 acc64 varh
ActVArhQ2 acc64 varh
ActVArhQ3 acc64 varh
ActVArhQ4 acc64 varh
VArAval int16 var sf=VArAval_SF
VArAval_SF sunssf
WAval uint16 var sf=WAval_SF
WAval_SF sunssf
StSetLimMsk bitfield32 - {WMax=0 VAMax=1 VArAval=2 VArMaxQ1=3 VArMaxQ2=4 VArMaxQ3=5 VArMaxQ4=6 PFMinQ1=7 PFMinQ2=8 PFMinQ3=9 PFMinQ4=10}
StActCtl bitfield32 - {FixedW=0 FixedVAR=1 FixedPF=2 Volt-VAr=3 Freq-Watt-Param=4 Freq-Watt-Curve=5 Dyn-Reactive-Current=6 LVRT=7 HVRT=8 Watt-PF=9 Volt-Watt=10 Scheduled=12 LFRT=13 HFRT=14}
TmSrc string*4
Tms uint32 Secs
RtSt bitfield16 - {LVRT_ACTIVE=0 HVRT_ACTIVE=1 LFRT_ACTIVE=2 HFRT_ACTIVE=3}
Ris uint16 ohms sf=Ris_SF
Ris_SF sunssf
`;

const LAYOUT_123 = `
Conn_WinTms uint16 Secs rw
Conn_RvrtTms uint16 Secs rw
Conn enum16 - rw {DISCONNECT=0 CONNECT=1}
WMaxLimPct uint16 %_WMax sf=WMaxLimPct_SF rw
WMaxLimPct_WinTms uint16 Secs rw
WMaxLimPct_RvrtTms uint16 Secs rw
WMaxLimPct_RmpTms uint16 Secs rw
WMaxLim_Ena enum16 - rw {DISABLED=0 ENABLED=1}
OutPFSet int16 cos() sf=OutPFSet_SF rw
OutPFSet_WinTms uint16 Secs rw
OutPFSet_RvrtTms uint16 Secs rw
OutPFSet_RmpTms uint16 Secs rw
OutPFSet_Ena enum16 - rw {DISABLED=0 ENABLED=1}
VArWMaxPct int16 %_WMax sf=VArPct_SF rw
VArMaxPct int16 %_VArMax sf=VArPct_SF rw
VArAvalPct int16 %_VArAval sf=VArPct_SF rw
VArPct_WinTms uint16 Secs rw
VArPct_RvrtTms uint16 Secs rw
VArPct_RmpTms uint16 Secs rw
VArPct_Mod enum16 - rw {NONE=0 WMax=1 VArMax=2 VArAval=3}
VArPct_Ena enum16 - rw {DISABLED=0 ENABLED=1}
WMaxLimPct_SF sunssf
OutPFSet_SF sunssf
VArPct_SF sunssf
`;

const LAYOUT_124 = `
WChaMax uint16 W sf=WChaMax_SF rw
WChaGra uint16 %_WChaMax/sec sf=WChaDisChaGra_SF rw
WDisChaGra uint16 %_WChaMax/sec sf=WChaDisChaGra_SF rw
StorCtl_Mod bitfield16 - rw {CHARGE=0 DiSCHARGE=1}
VAChaMax uint16 VA sf=VAChaMax_SF rw
MinRsvPct uint16 %_WChaMax sf=MinRsvPct_SF rw
ChaState uint16 %_AhrRtg sf=ChaState_SF
StorAval uint16 AH sf=StorAval_SF
InBatV uint16 V sf=InBatV_SF
ChaSt enum16 - {OFF=1 EMPTY=2 DISCHARGING=3 CHARGING=4 FULL=5 HOLDING=6 TESTING=7}
OutWRte int16 %_WDisChaMax sf=InOutWRte_SF rw
InWRte int16 _%_WChaMax sf=InOutWRte_SF rw
InOutWRte_WinTms uint16 Secs rw
InOutWRte_RvrtTms uint16 Secs rw
InOutWRte_RmpTms uint16 Secs rw
ChaGriSet enum16 - rw {PV=0 GRID=1}
WChaMax_SF sunssf
WChaDisChaGra_SF sunssf
VAChaMax_SF sunssf
MinRsvPct_SF sunssf
ChaState_SF sunssf
StorAval_SF sunssf
InBatV_SF sunssf
InOutWRte_SF sunssf
`;

export const MODEL_120 = sunspecModel(120, 'Nameplate', LAYOUT_120);
export const MODEL_121 = sunspecModel(121, 'Basic Settings', LAYOUT_121);
export const MODEL_122 = sunspecModel(122, 'Measurements_Status', LAYOUT_122);
export const MODEL_123 = sunspecModel(123, 'Immediate Controls', LAYOUT_123);
export const MODEL_124 = sunspecModel(124, 'Storage', LAYOUT_124);
