import { Button, Input, Tooltip } from 'antd';
import { useState } from 'react';
import { Link } from 'react-router';
import { useLabels } from '../api/labels';
import { rowsOf } from '../api/pages';
import { useNextDue, useProjects, useUnits } from '../api/queries';
import type { ProjectFilter } from '../api/queries';
import { useSigned } from '../api/session';
import { useLanguage } from '../i18n/language';
import { day } from '../terms/dates';
import { STAGES } from '../terms/names';
import { Due, Nothing, PageHead, StageTag, Wan } from '../ui/Bits';
import { PlusOutlined, SearchOutlined } from '../ui/icons';
import { Listing, Narrow } from '../ui/Listing';
import type { Choice } from '../ui/Listing';
import { NothingYet } from '../ui/NothingYet';

/** The projects that the caller may see. */
export function Projects() {
  const { t, pick } = useLanguage();
  const labels = useLabels();
  const { principal, today } = useSigned();
  const units = useUnits().data ?? [];
  const [filter, setFilter] = useState<ProjectFilter>({ stage: '', kind: '', route: '', unit: '' });
  const [find, setFind] = useState('');
  const list = useProjects(filter);
  const next = useNextDue().data;
  const all = rowsOf(list.data);
  const words = find.trim().toLowerCase();
  const shown = words === '' ? all : all.filter((p) => `${p.title} ${p.id} ${labels.unit(p.unit)}`.toLowerCase().includes(words));
  const declarer = principal.roles.includes('declarer');
  const filtered = words !== '' || Object.values(filter).some((v) => v !== '');
  const choose = (key: keyof ProjectFilter, label: string, options: Choice[], wide?: boolean) => (
    <Narrow label={label} value={filter[key]} options={options} wide={wide ?? false} onChange={(v) => setFilter({ ...filter, [key]: v })} />
  );
  const fromTerms = (vocabulary: string) => labels.terms(vocabulary).map((x) => ({ value: x.code, label: pick(x) }));
  return (
    <>
      <PageHead title={t('projects')}>
        {declarer && (
          <Link to="/declare">
            <Button type="primary" icon={<PlusOutlined />}>
              {t('declareNew')}
            </Button>
          </Link>
        )}
      </PageHead>
      <div className="panel">
        <div className="filters">
          <Input allowClear prefix={<SearchOutlined />} placeholder={t('projectsFind')} aria-label={t('projectsFind')} value={find} onChange={(e) => setFind(e.target.value)} className="filter-find" />
          {choose('stage', t('projectsStage'), Object.entries(STAGES).map(([value, label]) => ({ value, label: pick(label) })))}
          {choose('kind', t('projectsKind'), fromTerms('kinds'))}
          {choose('route', t('projectsRoute'), fromTerms('routes'))}
          {choose('unit', t('projectsUnit'), units.map((u) => ({ value: u.code, label: labels.unit(u.code) })), true)}
        </div>
        <Listing
          name={t('projects')}
          of={list}
          rows={shown}
          width={1060}
          empty={
            filtered ? (
              <Nothing title={t('projectsEmptyFilter')} />
            ) : (
              <NothingYet title={t('projectsEmpty')} lead={declarer ? t('projectsEmptyDeclarer') : t('projectsEmptyOther')} declares={declarer} />
            )
          }
          columns={[
            {
              title: t('projectsTitle'),
              render: (_, p) => (
                <Link to={`/projects/${p.id}`} className="strong">
                  {p.title}
                </Link>
              ),
            },
            { title: t('projectsUnit'), width: 150, render: (_, p) => labels.unit(p.unit) },
            { title: t('projectsKind'), width: 96, render: (_, p) => labels.term('kinds', p.case.kind, p.decision?.pack) },
            { title: t('projectsRoute'), width: 104, render: (_, p) => (p.decision ? labels.term('routes', p.decision.route, p.decision.pack) : <span className="quiet">—</span>) },
            { title: t('projectsStage'), width: 112, render: (_, p) => <StageTag stage={p.stage} /> },
            { title: t('projectsAmount'), width: 116, align: 'right', render: (_, p) => <Wan fen={p.case.amount_fen} /> },
            {
              title: t('projectsNext'),
              width: 170,
              render: (_, p) => {
                const clock = next?.get(p.id);
                if (!clock) return <span className="quiet">—</span>;
                return (
                  <Tooltip title={`${labels.clock(clock.obligation)} · ${labels.unit(clock.unit)}`}>
                    <span>
                      <Due on={clock.due_on} today={today} />
                    </span>
                  </Tooltip>
                );
              },
            },
            { title: t('projectsUpdated'), width: 104, render: (_, p) => <span className="num quiet">{day(p.updated_at)}</span> },
          ]}
        />
      </div>
    </>
  );
}
