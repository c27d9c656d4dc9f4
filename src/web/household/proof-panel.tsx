import { useMutation } from '@tanstack/react-query';
import { useState } from 'react';

import type { StepName } from '../../proof/verifier.js';
import { useProofKeys, useProofs } from '../api/queries.js';
import type { ProofRow } from '../api/household-types.js';
import { type DeviceFlow, flowName, FlowMark } from '../design/flow.js';
import { Answer, Empty, Panel, Problem } from '../design/parts.js';
import { useFormat } from '../design/plant-clock.js';
import { useText } from '../messages/text.js';
import { bundleFileName } from './home-figures.js';
import { type CheckedProof, checkProof } from './proof-check.js';

const save = (name: string, content: string): void => {
  const address = URL.createObjectURL(new Blob([content], { type: 'application/json' }));
  const link = document.createElement('a');
  link.href = address;
  link.download = name;
  link.click();
  URL.revokeObjectURL(address);
};

const Step = ({ name, ok, detail }: { name: StepName | 'same'; ok: boolean; detail?: string }) => {
  const text = useText();
  return (
    <li data-ok={ok}>
      <span className="step-verdict">{text(ok ? 'proof.step.holds' : 'proof.step.fails')}</span>
      <span>
        {text(`proof.step.${name}`)}
        {detail === undefined ? null : (
          <span className="muted" lang="en">
            {detail}
          </span>
        )}
      </span>
    </li>
  );
};

const Result = ({ verification, same }: CheckedProof) => {
  const text = useText();
  const { steps, notChecked, record } = verification;
  const ok = verification.ok && same;
  return (
    <div className="proof-result" data-testid="proof-result" data-ok={ok} role="status">
      <p className="proof-verdict">{text(ok ? 'proof.holds' : 'proof.fails')}</p>
      <ol className="proof-steps">
        {steps.map((step) => (
          <Step key={step.name} {...step} />
        ))}
        {record ? <Step name="same" ok={same} /> : null}
      </ol>
      <h4>{text('proof.notChecked')}</h4>
      <ul className="proof-open">
        <li>{text('proof.keysFromPlant')}</li>
        {notChecked.map((line) => (
          <li key={line} lang="en">
            {line}
          </li>
        ))}
      </ul>
    </div>
  );
};

const isFlow = (channel: string): channel is DeviceFlow => channel in flowName;

const ProofLine = ({ proof }: { proof: ProofRow }) => {
  const text = useText();
  const format = useFormat();
  const check = useMutation<CheckedProof>({ mutationFn: () => checkProof(proof) });
  const energies = [
    proof.toBusWh ? text('proof.toHome', { energy: format.energy(proof.toBusWh, 3) }) : undefined,
    proof.fromBusWh ? text('proof.fromHome', { energy: format.energy(proof.fromBusWh, 3) }) : undefined,
  ].filter((part) => part !== undefined);
  return (
    <li className="proof" data-testid="proof-row" data-leaf={proof.leafIndex}>
      <div className="proof-what">
        <h3>
          {isFlow(proof.channel) ? <FlowMark flow={proof.channel} size={15} /> : null}
          {text('proof.reading', { time: format.dayTime(proof.startMs), to: format.time(proof.endMs) })}
        </h3>
        <p className="muted">
          {isFlow(proof.channel) ? text(flowName[proof.channel]) : proof.channel}
          {` · ${energies.length === 0 ? text('proof.nothing') : energies.join(', ')} · ${proof.quality ? text(`quality.${proof.quality}`) : ''} · `}
          {proof.type === 'correction' ? `${text('proof.corrects')} · ` : null}
          {proof.superseded ? `${text('proof.superseded')} · ` : null}
          {proof.anchor ? text('proof.anchored', { slot: proof.anchor.slot }) : null}
        </p>
      </div>
      <div className="proof-do">
        {check.data ? (
          <button type="button" className="link" onClick={() => save(bundleFileName(proof.leafIndex), check.data.bundleText)}>
            {text('proof.save', { leaf: proof.leafIndex })}
          </button>
        ) : (
          <a className="link" href={`/api/me/proofs/${proof.leafIndex}`} download={bundleFileName(proof.leafIndex)}>
            {text('proof.save', { leaf: proof.leafIndex })}
          </a>
        )}
        <button
          type="button"
          className="button small"
          data-testid="proof-check"
          disabled={check.isPending}
          aria-label={text('proof.check.which', { time: format.dayTime(proof.startMs), leaf: proof.leafIndex })}
          onClick={() => check.mutate()}
        >
          {text('proof.check')}
        </button>
      </div>
      {check.error ? <Problem error={check.error} onRetry={() => check.mutate()} /> : null}
      {check.data ? <Result {...check.data} /> : null}
    </li>
  );
};

export const ProofPanel = () => {
  const text = useText();
  const [limit, setLimit] = useState(12);
  const query = useProofs(limit);
  const keys = useProofKeys();
  const newer = (
    <button type="button" className="link" onClick={() => void query.refetch()}>
      {text('proof.newer')}
    </button>
  );
  return (
    <Panel title={text('proof.title')} aside={newer}>
      <p className="proof-why">{text('proof.why')}</p>
      {keys.data ? <p className="proof-why">{text(`proof.assurance.${keys.data.assurance}`)}</p> : null}
      <Answer query={query} lines={6}>
        {(proofs) => {
          const anchored = proofs.filter(({ anchor }) => anchor);
          const waiting = proofs.length - anchored.length;
          if (anchored.length === 0) return <Empty title={text('proof.none')} next={text('proof.none.next')} />;
          return (
            <>
              {waiting > 0 ? <p className="muted">{text('proof.waiting', { count: waiting })}</p> : null}
              <ul className="proof-list">
                {anchored.map((proof) => (
                  <ProofLine key={proof.leafIndex} proof={proof} />
                ))}
              </ul>
              {proofs.length >= limit ? (
                <button type="button" className="link" onClick={() => setLimit(limit + 12)}>
                  {text('proof.more')}
                </button>
              ) : null}
            </>
          );
        }}
      </Answer>
    </Panel>
  );
};
