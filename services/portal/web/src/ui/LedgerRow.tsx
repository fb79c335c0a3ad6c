import { Alert, Descriptions, Drawer, Tag } from 'antd';
import { useQuery } from '@tanstack/react-query';
import { Link } from 'react-router';
import { useLedgerRow, useProof } from '../api/audit';
import { useLabels } from '../api/labels';
import type { LedgerProof, LedgerRow } from '../api/types';
import { useLanguage } from '../i18n/language';
import { eventOf } from '../terms/audit';
import { minute } from '../terms/dates';
import { factName } from '../terms/facts';
import { examine } from '../terms/proof';
import { Loading, Nothing, ProblemView, Statement } from './Bits';

/** Whether a row is signed, and whether it is what was hashed. */
export function RowTag({ row }: { row: LedgerRow }) {
  const { t } = useLanguage();
  if (row.broken) return <Tag color="error">{t('ledgerBroken')}</Tag>;
  if (!row.chained) return <Tag color="error">{t('ledgerUnchained')}</Tag>;
  return row.signed ? <Tag color="success">{t('ledgerSigned')}</Tag> : <Tag>{t('ledgerUnsigned')}</Tag>;
}

/** A row of the ledger, to be opened. */
export function RowLink({ seq }: { seq: number }) {
  if (seq <= 0) return <span className="quiet">—</span>;
  return (
    <Link to={`/audit/ledger?row=${seq}`} className="num">
      #{seq}
    </Link>
  );
}

function Computed({ row, proof }: { row: LedgerRow; proof: LedgerProof }) {
  const { t } = useLanguage();
  const found = useQuery({ queryKey: ['examined', row.seq, proof.checkpoint], staleTime: Infinity, queryFn: () => examine(row.seq, row.chain, proof) }).data;
  if (!found) return null;
  if (found === 'unable') return <div className="quiet small">{t('ledgerProofUnable')}</div>;
  return <Alert type={found === 'good' ? 'success' : 'error'} showIcon title={t(found === 'good' ? 'ledgerProofGood' : 'ledgerProofBad')} />;
}

function Checkpoint({ row }: { row: LedgerRow }) {
  const { t } = useLanguage();
  const proof = useProof(row);
  if (!row.signed) return <p className="quiet">{t('ledgerCheckpointNone')}</p>;
  if (proof.isError) return <ProblemView error={proof.error} retry={() => void proof.refetch()} />;
  if (!proof.data) return <Loading />;
  return (
    <>
      <Computed row={row} proof={proof.data} />
      <p className="quiet above">{t('ledgerProofSays', { size: proof.data.size, n: proof.data.hashes.length })}</p>
      <pre className="note">{proof.data.checkpoint}</pre>
      <details className="raw">
        <summary>{t('ledgerProof')}</summary>
        <pre>{proof.data.hashes.join('\n')}</pre>
      </details>
    </>
  );
}

function Row({ row }: { row: LedgerRow }) {
  const { t, pick } = useLanguage();
  const labels = useLabels();
  const event = eventOf(row.raw);
  const { project, ...said } = event?.data ?? {};
  // What a fact repeats of its project reads as the fact's own.
  const whole = { ...(typeof project === 'object' ? project : {}), ...said, basis: said['basis'] };
  return (
    <>
      <h3>
        {pick(factName(row.type))} <RowTag row={row} />
      </h3>
      <p className="quiet">
        {labels.service(row.service)} · {labels.unit(row.unit)} {row.actor} · <span className="num">{minute(row.at)}</span>
      </p>
      <section aria-label={t('ledgerFact')}>
        <h4>{t('ledgerFact')}</h4>
        <Statement of={whole} service={row.service} />
        <details className="raw">
          <summary>{t('ledgerRaw')}</summary>
          <pre>{event ? JSON.stringify(JSON.parse(row.raw), null, 2) : row.raw}</pre>
        </details>
      </section>
      <section aria-label={t('ledgerChain')} className="above">
        <h4>{t('ledgerChain')}</h4>
        <Descriptions
          size="small"
          column={1}
          items={[
            { label: t('ledgerChainState'), children: row.chained ? t('ledgerChained') : <span className="bad">{t('ledgerUnchained')}</span> },
            { label: t('ledgerChainValue'), children: <code className="long">{row.chain}</code> },
            { label: t('ledgerEvent'), children: <code className="long">{row.event_id}</code> },
            {
              label: t('ledgerTrace'),
              children: row.trace_id === '' ? <span className="quiet">—</span> : <code className="long">{row.trace_id}</code>,
            },
            { label: t('ledgerAbout'), children: <Link to={`/audit/ledger?project=${encodeURIComponent(row.subject)}`}>{row.subject}</Link> },
          ]}
        />
      </section>
      <section aria-label={t('ledgerCheckpoint')} className="above">
        <h4>{t('ledgerCheckpoint')}</h4>
        <Checkpoint row={row} />
      </section>
    </>
  );
}

function Content({ seq }: { seq: number }) {
  const { t } = useLanguage();
  const row = useLedgerRow(seq);
  if (row.isError) return <ProblemView error={row.error} retry={() => void row.refetch()} />;
  if (row.isPending) return <Loading />;
  return row.data ? <Row row={row.data} /> : <Nothing title={t('ledgerGone')} />;
}

/** The drawer that opens one row of the ledger: its fact, its place in the chain, and the checkpoint over it. */
export function LedgerRowDrawer({ seq, onClose }: { seq: number; onClose: () => void }) {
  const { t } = useLanguage();
  return (
    <Drawer open={seq > 0} onClose={onClose} size={640} destroyOnHidden title={t('ledgerRow', { n: seq })}>
      {seq > 0 && <Content key={seq} seq={seq} />}
    </Drawer>
  );
}
