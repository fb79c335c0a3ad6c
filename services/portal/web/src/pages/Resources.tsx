import { Button, Input, Tag, Tooltip } from 'antd';
import { useState } from 'react';
import { useNavigate } from 'react-router';
import { useLabels } from '../api/labels';
import { useUnits } from '../api/queries';
import { useResources } from '../api/resources';
import type { Resource, ResourceFilter } from '../api/resources';
import { useSigned } from '../api/session';
import { useLanguage } from '../i18n/language';
import { SHARE_CLASSES, SHARE_TONES } from '../terms/sharing';
import { ActDrawer } from '../ui/ActDrawer';
import type { Matter } from '../ui/ActDrawer';
import { Nothing, PageHead, ToneTag } from '../ui/Bits';
import { Listing, Narrow } from '../ui/Listing';

const keyOf = (x: Resource): string => JSON.stringify([x.catalogue_id, x.resource, x.table, x.field]);

/** What a request is about, in words. */
function Chosen({ items }: { items: Resource[] }) {
  const labels = useLabels();
  return (
    <div className="gap">
      <div>
        {labels.unit(items[0]?.unit)} · {items[0]?.system}
      </div>
      {items.map((x) => (
        <Tag key={keyOf(x)}>
          {x.resource} / {x.field}
        </Tag>
      ))}
    </div>
  );
}

/** The data that units publish; from here a unit asks for some of it. */
export default function Resources() {
  const { t, pick } = useLanguage();
  const labels = useLabels();
  const go = useNavigate();
  const { principal } = useSigned();
  const units = useUnits().data ?? [];
  const [filter, setFilter] = useState<ResourceFilter>({ unit: '', share_class: '', q: '' });
  const [chosen, setChosen] = useState<Resource[]>([]);
  const [matter, setMatter] = useState<Matter | null>(null);
  const list = useResources(filter);
  const declarer = principal.roles.includes('declarer');
  const filtered = Object.values(filter).some((v) => v !== '');
  // A request is for items of one catalogue, and nobody asks their own unit.
  const canAsk = (x: Resource) => x.unit !== principal.unit && x.share_class !== 'not_shared' && chosen.every((y) => y.catalogue_id === x.catalogue_id);
  const ask = () =>
    setMatter({
      service: 'dataresource', collection: 'sharing', id: '', projectID: '', projectTitle: '', title: t('sharingAsk'), action: '', only: ['RequestSharing'],
      given: { catalogue_id: chosen[0]?.catalogue_id, items: chosen.map(({ resource, table, field }) => ({ resource, table, field })) },
      givenWords: <Chosen items={chosen} />,
    });
  return (
    <>
      <PageHead title={t('navResources')} lead={t('resourcesLead')}>
        {declarer && (
          <Tooltip title={chosen.length === 0 ? t('sharingChoose') : undefined}>
            <Button type="primary" disabled={chosen.length === 0} onClick={ask}>
              {chosen.length === 0 ? t('sharingAsk') : t('sharingAskN', { n: chosen.length })}
            </Button>
          </Tooltip>
        )}
      </PageHead>
      <div className="panel">
        <div className="filters">
          <Input.Search allowClear enterButton={t('ledgerAsk')} placeholder={t('resourcesFind')} aria-label={t('resourcesFind')} onSearch={(q) => setFilter({ ...filter, q: q.trim() })} className="filter-find" />
          <Narrow label={labels.field('share_class')} value={filter.share_class} options={Object.entries(SHARE_CLASSES).map(([value, x]) => ({ value, label: pick(x) }))} onChange={(v) => setFilter({ ...filter, share_class: v })} />
          <Narrow label={labels.field('provider')} wide value={filter.unit} options={units.map((u) => ({ value: u.code, label: labels.unit(u.code) }))} onChange={(v) => setFilter({ ...filter, unit: v })} />
        </div>
        <Listing<Resource>
          name={t('navResources')}
          of={list}
          keyOf={keyOf}
          width={1000}
          empty={<Nothing title={filtered ? t('resourcesEmptyFilter') : t('resourcesEmpty')} />}
          {...(declarer ? { choose: { chosen: chosen.map(keyOf), may: canAsk, onChange: setChosen } } : {})}
          columns={[
            {
              title: labels.field('resource'),
              render: (_, x) => (
                <>
                  <span className="strong">{x.resource}</span>
                  {x.base_register && <Tag className="beside">{labels.value('base_register', x.base_register)}</Tag>}
                </>
              ),
            },
            { title: labels.field('field', 'dataresource'), width: 170, render: (_, x) => <code>{x.field}</code> },
            { title: labels.field('provider'), width: 170, render: (_, x) => labels.unit(x.unit) },
            { title: labels.field('system'), width: 180, render: (_, x) => x.system },
            {
              title: labels.field('share_class'),
              width: 110,
              render: (_, x) => (
                <Tooltip title={x.legal_basis}>
                  <span>
                    <ToneTag tone={SHARE_TONES[x.share_class] ?? 'going'}>{labels.value('share_class', x.share_class)}</ToneTag>
                  </span>
                </Tooltip>
              ),
            },
            { title: labels.field('sensitivity'), width: 100, render: (_, x) => labels.value('sensitivity', x.sensitivity) || <span className="quiet">—</span> },
            { title: labels.field('frequency'), width: 100, render: (_, x) => labels.value('frequency', x.frequency) },
          ]}
        />
      </div>
      <ActDrawer matter={matter} onClose={() => setMatter(null)} onDone={(answer) => void go(`/registers/sharings/${(answer as { id: string }).id}`)} />
    </>
  );
}
