import type { MessageId } from '../messages/text.js';
import type { ChartFlow } from './series.js';

/** Which flows a face shows, what it calls them, and how it explains the axes. */
export interface ChartWords {
  readonly flows: readonly ChartFlow[];
  readonly names: Record<ChartFlow, MessageId>;
  readonly axes: 'chart.axes' | 'chart.axes.home';
}
