import { useProofStatus } from '../api/queries.js';
import type { ProofStatus } from '../api/household-types.js';
import { Answer, Panel } from '../design/parts.js';
import { useFormat } from '../design/plant-clock.js';
import { useText } from '../messages/text.js';

const State = ({ status }: { status: ProofStatus }) => {
  const text = useText();
  const format = useFormat();
  const { leaves, anchoredLeaves, lastAnchor, fault, contradictions, assurance, ledger, anchorAddress } = status;
  return (
    <ul className="state-list">
      {fault ? (
        <li className="alarm" data-severity={fault.retryable ? 'warning' : 'critical'}>
          <span className="alarm-severity">{text('proof.state.stands')}</span>
          <span className="alarm-what" lang="en">
            {fault.message}
          </span>
        </li>
      ) : null}
      {contradictions > 0 ? (
        <li className="alarm" data-severity="critical">
          <span className="alarm-severity">{text('alarm.critical')}</span>
          <span className="alarm-what">{text('proof.state.contradictions', { count: contradictions })}</span>
        </li>
      ) : null}
      <li>{text('proof.state.anchored', { anchored: anchoredLeaves, leaves })}</li>
      {lastAnchor ? (
        <li>
          {text(lastAnchor.finalized ? 'proof.state.final' : 'proof.state.confirmed', {
            time: format.dayTime(lastAnchor.atMs),
            slot: lastAnchor.slot,
            ledger,
          })}
        </li>
      ) : null}
      <li>{text(`proof.assurance.${assurance}`)}</li>
      <li className="muted">{text('proof.state.key', { key: anchorAddress })}</li>
    </ul>
  );
};

/** How the log stands, what its keys are worth, and what contradicts it. */
export const ProofStatePanel = () => {
  const text = useText();
  const query = useProofStatus();
  return (
    <Panel title={text('proof.state.title')} testId="proof-state">
      <Answer query={query}>{(status) => <State status={status} />}</Answer>
    </Panel>
  );
};
