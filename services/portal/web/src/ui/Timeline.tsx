import { Segmented, Select } from 'antd';
import { useMemo, useState } from 'react';
import { useLabels } from '../api/labels';
import type { Fact } from '../api/types';
import { useLanguage } from '../i18n/language';
import { minute } from '../terms/dates';
import { factName, factTone, isClock } from '../terms/facts';
import { Nothing, Statement } from './Bits';

/** One fact as it was stated. */
function Entry({ fact, brief }: { fact: Fact; brief: boolean }) {
  const { t, pick } = useLanguage();
  const labels = useLabels();
  return (
    <li className={`fact fact-${isClock(fact.type) ? 'clock' : factTone(fact.type, fact.data)}`}>
      <div className="fact-head">
        <span className="fact-name">{pick(factName(fact.type))}</span>
        <span className="fact-service">{labels.service(fact.service)}</span>
        <time className="num quiet" dateTime={fact.at}>
          {minute(fact.at)}
        </time>
      </div>
      <div className="fact-by quiet">
        {labels.unit(fact.unit)} {fact.actor.startsWith('service:') ? '' : fact.actor}
      </div>
      {!brief && (
        <>
          <Statement of={fact.data} service={fact.service} />
          <details className="raw">
            <summary>
              {t('timelineRaw')} · {t('timelineSeq', { n: fact.seq })}
              {fact.trace_id !== '' && ` · ${t('trace', { id: fact.trace_id })}`}
            </summary>
            <pre>{JSON.stringify(fact.data, null, 2)}</pre>
          </details>
        </>
      )}
    </li>
  );
}

/** The last few facts, without their content. */
export function LatestFacts({ facts, count }: { facts: Fact[]; count: number }) {
  const { t } = useLanguage();
  const shown = facts.filter((f) => !isClock(f.type)).slice(-count).reverse();
  if (shown.length === 0) return <Nothing title={t('timelineEmpty')} />;
  return (
    <ol className="facts">
      {shown.map((f) => (
        <Entry key={`${f.service}/${f.seq}`} fact={f} brief />
      ))}
    </ol>
  );
}

/** Every fact any service stated about the project, the latest first. */
export function Timeline({ facts }: { facts: Fact[] }) {
  const { t } = useLanguage();
  const labels = useLabels();
  const [clocks, setClocks] = useState(true);
  const [service, setService] = useState('');
  const services = useMemo(() => [...new Set(facts.map((f) => f.service))], [facts]);
  if (facts.length === 0) return <Nothing title={t('timelineEmpty')} />;
  const shown = facts.filter((f) => (clocks || !isClock(f.type)) && (service === '' || f.service === service)).reverse();
  return (
    <>
      <div className="filters">
        <Segmented
          value={clocks ? 'all' : 'acts'}
          onChange={(v) => setClocks(v === 'all')}
          options={[
            { value: 'all', label: t('timelineAll') },
            { value: 'acts', label: t('timelineNoClocks') },
          ]}
        />
        <Select
          aria-label={t('inboxDuty')}
          value={service}
          onChange={setService}
          options={[{ value: '', label: t('inboxAll') }, ...services.map((s) => ({ value: s, label: labels.service(s) }))]}
        />
        <span className="quiet">{t('total', { n: shown.length })}</span>
      </div>
      <ol className="facts" aria-label={t('tabTimeline')}>
        {shown.map((f) => (
          <Entry key={`${f.service}/${f.seq}`} fact={f} brief={false} />
        ))}
      </ol>
    </>
  );
}
