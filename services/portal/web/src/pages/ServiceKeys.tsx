import { Button, Table } from 'antd';
import { useState } from 'react';
import { useEventKeys, useKeyRefresh, useServiceKeys } from '../api/keys';
import { useLabels } from '../api/labels';
import { useSigned } from '../api/session';
import type { EventKey, ServiceKey } from '../api/types';
import { useLanguage } from '../i18n/language';
import { minute } from '../terms/dates';
import { fingerprint, KEY_STANDINGS, KEY_STATES, KEY_TONES, keysIn, STANDING_TONES } from '../terms/keys';
import { Loading, Nothing, PageHead, ProblemView, ToneTag } from '../ui/Bits';
import { FormDrawer } from '../ui/FormDrawer';
import type { FormAct } from '../ui/FormDrawer';
import { PlusOutlined } from '../ui/icons';
import { Listing, Narrow } from '../ui/Listing';

const PATH = '/v1/service-keys';

/** The acts on one key, by its id. */
function useKeyActs() {
  const { t } = useLanguage();
  const labels = useLabels();
  const act = (id: string, verb: string, title: string, holder: string, field: FormAct['fields'][number]): FormAct => ({
    service: 'identity', path: `${PATH}/${id}/${verb}`, title, lead: `${labels.service(holder)} · ${fingerprint(id)}`, fields: [field],
  });
  return {
    enrol: (id: string, holder: string) => act(id, 'enrol', t('keyEnrol'), holder, { name: 'opinion', label: t('keyOpinion'), kind: 'long', required: true, hint: t('keyOpinionHint') }),
    reject: (id: string, holder: string) => act(id, 'reject', t('keyReject'), holder, { name: 'reason', label: t('keyReason'), kind: 'long', required: true }),
    revoke: (id: string, holder: string) => act(id, 'revoke', t('keyRevoke'), holder, { name: 'reason', label: t('keyReason'), kind: 'long', required: true, hint: t('keyRevokeHint') }),
  };
}

/** The register as every service is served it. */
function Register({ onAct }: { onAct: ((a: FormAct) => void) | null }) {
  const { t, pick } = useLanguage();
  const labels = useLabels();
  const acts = useKeyActs();
  const found = useEventKeys();
  if (found.isPending) return <Loading />;
  if (found.isError) return <ProblemView error={found.error} retry={() => void found.refetch()} />;
  return (
    <Table<EventKey>
      rowKey="key_id"
      size="small"
      dataSource={found.data}
      pagination={false}
      scroll={{ x: 900 }}
      aria-label={t('keysRegister')}
      locale={{ emptyText: <Nothing title={t('keysNone')} /> }}
      columns={[
        { title: t('keyService'), width: 130, render: (_, k) => labels.service(k.holder) },
        { title: t('keyPrint'), render: (_, k) => <code>{fingerprint(k.key_id)}</code> },
        { title: t('keyAlg'), width: 90, render: (_, k) => k.alg.toUpperCase() },
        { title: t('keyFrom'), width: 150, render: (_, k) => <span className="num">{minute(k.not_before)}</span> },
        { title: t('keyTo'), width: 150, render: (_, k) => <span className="num">{minute(k.not_after)}</span> },
        { title: t('flagState'), width: 100, render: (_, k) => <ToneTag tone={STANDING_TONES[k.standing] ?? 'going'}>{pick(KEY_STANDINGS[k.standing] ?? { zh: k.standing, en: k.standing })}</ToneTag> },
        {
          key: 'act',
          width: 90,
          align: 'right',
          render: (_, k) =>
            onAct &&
            (k.standing === 'in_force' || k.standing === 'next') && (
              <Button size="small" danger onClick={() => onAct(acts.revoke(k.key_id, k.holder))} aria-label={`${t('keyRevoke')} ${fingerprint(k.key_id)}`}>
                {t('keyRevokeShort')}
              </Button>
            ),
        },
      ]}
    />
  );
}

/** The keys by which services sign what they state: who asked for them, who compared them, and which are believed. */
export default function ServiceKeys() {
  const { t, pick } = useLanguage();
  const labels = useLabels();
  const refresh = useKeyRefresh();
  const acts = useKeyActs();
  const { principal } = useSigned();
  const operator = principal.roles.includes('operator');
  const [state, setState] = useState('');
  const [act, setAct] = useState<FormAct | null>(null);
  const list = useServiceKeys(state);
  const ask = () =>
    setAct({
      service: 'identity', path: PATH, title: t('keyAsk'), lead: t('keyAskLead'),
      fields: [
        { name: 'key', label: t('keyPublished'), kind: 'long', required: true, hint: t('keyPublishedHint'), wrong: (v) => (keysIn(String(v)).length === 1 ? '' : t('keyPublishedWrong')) },
        { name: 'speaks_for', label: t('keySpeaksFor'), kind: 'unit', required: true },
        { name: 'reason', label: t('keyReason'), kind: 'long', required: true },
      ],
      compose: (e) => ({ key: keysIn(String(e['key']))[0], speaks_for: e['speaks_for'], reason: e['reason'] }),
    });
  return (
    <>
      <PageHead title={t('navKeys')} lead={t('keysLead')}>
        {operator && (
          <Button type="primary" icon={<PlusOutlined />} onClick={ask}>
            {t('keyAsk')}
          </Button>
        )}
      </PageHead>
      <section className="panel" aria-label={t('keysAsked')}>
        <h2>{t('keysAsked')}</h2>
        <div className="filters">
          <Narrow label={t('flagState')} value={state} options={Object.entries(KEY_STATES).map(([value, x]) => ({ value, label: pick(x) }))} onChange={setState} />
        </div>
        <Listing<ServiceKey>
          name={t('keysAsked')}
          of={list}
          width={980}
          empty={<Nothing title={t('keysAskedNone')} lead={t('keysAskedNoneLead')} />}
          columns={[
            { title: t('keyService'), width: 120, render: (_, k) => labels.service(k.key.holder) },
            { title: t('keySpeaksFor'), width: 150, render: (_, k) => labels.unit(k.speaks_for) || <span className="quiet">—</span> },
            {
              title: t('keyPrint'),
              render: (_, k) => (
                <>
                  <code>{fingerprint(k.id)}</code>
                  <div className="quiet small">{k.state === 'revoked' ? t('keyRevokedBy', { by: k.revoked_by ?? '', reason: k.revoked_reason ?? '' }) : k.reason}</div>
                </>
              ),
            },
            { title: t('keyBy'), width: 180, render: (_, k) => [k.requested_by, k.decided_by].filter((x) => x).join(' → ') },
            { title: t('flagState'), width: 110, render: (_, k) => <ToneTag tone={KEY_TONES[k.state] ?? 'going'}>{pick(KEY_STATES[k.state] ?? { zh: k.state, en: k.state })}</ToneTag> },
            {
              key: 'act',
              width: 190,
              align: 'right',
              render: (_, k) =>
                operator && (
                  <div className="row-acts">
                    {k.state === 'requested' && (
                      <>
                        <Button size="small" type="primary" ghost onClick={() => setAct(acts.enrol(k.id, k.key.holder))}>
                          {t('keyEnrolShort')}
                        </Button>
                        <Button size="small" onClick={() => setAct(acts.reject(k.id, k.key.holder))}>
                          {t('keyRejectShort')}
                        </Button>
                      </>
                    )}
                  </div>
                ),
            },
          ]}
        />
      </section>
      <section className="panel" aria-label={t('keysRegister')}>
        <h2>{t('keysRegister')}</h2>
        <Register onAct={operator ? setAct : null} />
      </section>
      <FormDrawer act={act} onClose={() => setAct(null)} onDone={refresh} />
    </>
  );
}
