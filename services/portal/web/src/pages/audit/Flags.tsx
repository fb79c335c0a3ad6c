import { Tag } from 'antd';
import { Link, useSearchParams } from 'react-router';
import { useFlags } from '../../api/audit';
import type { FlagFilter } from '../../api/audit';
import { useLabels } from '../../api/labels';
import { rowsOf } from '../../api/pages';
import { useUnits } from '../../api/queries';
import { useLanguage } from '../../i18n/language';
import { FLAG_STATES, SEVERITIES, SEVERITY_TONES } from '../../terms/audit';
import { minute } from '../../terms/dates';
import { Nothing, PageHead, ToneTag, Wan } from '../../ui/Bits';
import { Listing, Narrow } from '../../ui/Listing';
import type { Choice } from '../../ui/Listing';

/** How grave a flag is, in its colour. */
export function SeverityTag({ severity }: { severity: string }) {
  const { pick } = useLanguage();
  return <ToneTag tone={SEVERITY_TONES[severity] ?? 'quiet'}>{pick(SEVERITIES[severity] ?? { zh: severity, en: severity })}</ToneTag>;
}

/** The red flags. */
export default function Flags() {
  const { t, pick } = useLanguage();
  const labels = useLabels();
  const units = useUnits().data ?? [];
  const [params, setParams] = useSearchParams();
  const of = (name: string, otherwise = '') => params.get(name) ?? otherwise;
  const filter: FlagFilter = { state: of('state', 'raised'), severity: of('severity'), unit: of('unit'), code: of('code'), project: of('project') };
  const list = useFlags(filter);
  const narrowed = filter.state === 'withdrawn' || filter.severity !== '' || filter.unit !== '' || filter.code !== '' || filter.project !== '';
  const choose = (name: keyof FlagFilter, label: string, options: Choice[], wide = false) => (
    <Narrow
      label={label}
      value={filter[name]}
      options={options}
      wide={wide}
      onChange={(v) => {
        const next = new URLSearchParams(params);
        next.set(name, v);
        setParams(next);
      }}
    />
  );
  const codes = new Map(rowsOf(list.data).map((f) => [f.code, pick({ zh: f.title, en: f.title_en })]));
  return (
    <>
      <PageHead title={t('navFlags')} lead={t('flagsLead')} />
      <div className="panel">
        <div className="filters">
          {choose('state', t('flagState'), Object.entries(FLAG_STATES).map(([value, x]) => ({ value, label: pick(x) })))}
          {choose('severity', t('flagSeverity'), Object.entries(SEVERITIES).map(([value, x]) => ({ value, label: pick(x) })))}
          {choose('unit', t('flagUnit'), units.map((u) => ({ value: u.code, label: labels.unit(u.code) })), true)}
          {choose('code', t('flagRule'), [...codes].map(([value, label]) => ({ value, label })), true)}
          {filter.project !== '' && (
            <Tag
              closable
              onClose={() => {
                const next = new URLSearchParams(params);
                next.delete('project');
                setParams(next);
              }}
            >
              {t('exportOf', { id: filter.project })}
            </Tag>
          )}
        </div>
        <Listing
          name={t('navFlags')}
          of={list}
          width={960}
          empty={narrowed ? <Nothing title={t('flagsEmptyFilter')} /> : <Nothing title={t('flagsEmpty')} lead={t('flagsEmptyLead')} />}
          columns={[
            { title: t('flagSeverity'), width: 80, render: (_, f) => <SeverityTag severity={f.severity} /> },
            {
              title: t('flagTitle'),
              render: (_, f) => (
                <>
                  <Link to={`/audit/flags/${f.id}`} className="strong">
                    {pick({ zh: f.title, en: f.title_en })}
                  </Link>
                  <div className="quiet small">{pick(f.explanation)}</div>
                </>
              ),
            },
            { title: t('flagUnit'), width: 150, render: (_, f) => labels.unit(f.audited_unit) },
            { title: t('flagAmount'), width: 130, align: 'right', render: (_, f) => <Wan fen={f.amount_fen} /> },
            { title: t('flagState'), width: 100, render: (_, f) => <ToneTag tone={f.state === 'raised' ? 'halted' : 'quiet'}>{pick(FLAG_STATES[f.state] ?? { zh: f.state, en: f.state })}</ToneTag> },
            { title: t('flagCases'), width: 100, align: 'right', render: (_, f) => <span className="num">{f.cases.length === 0 ? '—' : f.cases.length}</span> },
            { title: t('flagRaised'), width: 150, render: (_, f) => <span className="num quiet">{minute(f.raised_at)}</span> },
          ]}
        />
      </div>
    </>
  );
}
