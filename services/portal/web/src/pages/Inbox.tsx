import { Alert, Button, Grid, Segmented, Select, Table } from 'antd';
import { useState } from 'react';
import { Link, useNavigate } from 'react-router';
import { useLabels } from '../api/labels';
import { useInbox } from '../api/queries';
import { useSigned } from '../api/session';
import type { Task } from '../api/types';
import { useLanguage } from '../i18n/language';
import { nearness } from '../terms/clocks';
import { minute } from '../terms/dates';
import { ActDrawer } from '../ui/ActDrawer';
import type { Matter } from '../ui/ActDrawer';
import { Due, Loading, Nothing, PageHead, ProblemView } from '../ui/Bits';
import { ReloadOutlined } from '../ui/icons';
import { NothingYet } from '../ui/NothingYet';

type Scope = 'all' | 'soon' | 'late';

const keyOf = (t: Task): string => `${t.service}/${t.collection}/${t.id}/${t.action}`;

// A case is its own subject and about no one project.
const isCase = (t: Task): boolean => t.service === 'auditexport' && t.collection === 'audit_case';

/** A task as the matter that the drawer acts on. */
export const matterOf = (t: Task): Matter => ({
  service: t.service, collection: t.collection, id: t.id, projectID: t.project_id, projectTitle: t.project_title, title: t.title, action: t.action,
});

/** What waits for the caller, over all services. */
export function Inbox() {
  const { t } = useLanguage();
  const labels = useLabels();
  const { principal } = useSigned();
  const inbox = useInbox();
  const go = useNavigate();
  const narrow = !(Grid.useBreakpoint().md ?? true);
  const [scope, setScope] = useState<Scope>('all');
  const [service, setService] = useState('');
  const [matter, setMatter] = useState<Matter | null>(null);

  if (inbox.isPending) return <Loading />;
  if (inbox.isError) return <ProblemView error={inbox.error} retry={() => void inbox.refetch()} />;
  const { items, unavailable, today } = inbox.data;
  const near = (x: Task) => (x.due_on ? nearness(x.due_on, today) : 'open');
  const soon = items.filter((x) => near(x) === 'soon').length;
  const late = items.filter((x) => near(x) === 'late').length;
  const shown = items.filter((x) => (scope === 'all' || near(x) === scope) && (service === '' || x.service === service));
  const declarer = principal.roles.includes('declarer');
  // A draft is worked on in its own form, and an audit case on its page, where
  // the question stands; all else in a drawer.
  const act = (x: Task) => {
    if (x.service === 'declaration' && x.action === 'submit') void go(`/declare/${x.id}`);
    else if (isCase(x)) void go(`/audit/cases/${x.id}`);
    else setMatter(matterOf(x));
  };
  return (
    <>
      <PageHead title={t('navInbox')}>
        <Button icon={<ReloadOutlined />} loading={inbox.isFetching} onClick={() => void inbox.refetch()}>
          {t('refresh')}
        </Button>
      </PageHead>
      {unavailable.length > 0 && <Alert type="warning" showIcon title={t('inboxDown', { names: unavailable.map(labels.service).join('、') })} className="gap" />}
      <div className="panel">
        <div className="filters">
          <Segmented<Scope>
            value={scope}
            onChange={setScope}
            options={[
              { value: 'all', label: `${t('inboxTodo')} ${items.length}` },
              { value: 'soon', label: `${t('inboxSoon')} ${soon}` },
              { value: 'late', label: <span className={late > 0 ? 'bad' : undefined}>{`${t('inboxLate')} ${late}`}</span> },
            ]}
          />
          <Select
            aria-label={t('inboxDuty')}
            value={service}
            onChange={setService}
            options={[{ value: '', label: t('inboxAll') }, ...[...new Set(items.map((x) => x.service))].map((s) => ({ value: s, label: labels.service(s) }))]}
          />
        </div>
        <Table<Task>
          rowKey={keyOf}
          dataSource={shown}
          pagination={shown.length > 50 ? { pageSize: 50, showSizeChanger: false } : false}
          aria-label={t('navInbox')}
          scroll={narrow ? { x: 560 } : undefined}
          locale={{
            emptyText:
              items.length > 0 ? (
                <Nothing title={t('inboxEmptyFilter')} />
              ) : (
                <NothingYet title={t('inboxEmpty')} lead={declarer ? t('inboxEmptyDeclarer') : t('inboxEmptyOther')} declares={declarer} />
              ),
          }}
          columns={[
            {
              title: t('inboxMatter'),
              render: (_, x) => (
                <div>
                  <a
                    href="#act"
                    className="strong"
                    onClick={(e) => {
                      e.preventDefault();
                      act(x);
                    }}
                  >
                    {x.title}
                  </a>
                  {narrow && <div className="quiet">{labels.service(x.service)}</div>}
                </div>
              ),
            },
            {
              title: t('inboxProject'),
              render: (_, x) => (x.project_id && !isCase(x) ? <Link to={`/projects/${x.project_id}`}>{x.project_title || x.project_id}</Link> : <span className="quiet">—</span>),
            },
            { title: t('inboxDuty'), width: 130, responsive: ['md'], render: (_, x) => labels.service(x.service) },
            { title: t('inboxDue'), width: 190, render: (_, x) => <Due on={x.due_on} today={today} /> },
            { title: t('inboxSince'), width: 150, responsive: ['lg'], render: (_, x) => <span className="num quiet">{minute(x.since)}</span> },
            {
              key: 'act',
              width: 84,
              align: 'right',
              render: (_, x) => (
                <Button size="small" type="primary" ghost onClick={() => act(x)} aria-label={`${t('inboxAct')}：${x.title}`}>
                  {t('inboxAct')}
                </Button>
              ),
            },
          ]}
        />
      </div>
      <ActDrawer matter={matter} onClose={() => setMatter(null)} />
    </>
  );
}
