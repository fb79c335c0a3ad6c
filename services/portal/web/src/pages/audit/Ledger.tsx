import { Button, DatePicker, Form, Input, InputNumber, Select, Table } from 'antd';
import dayjs from 'dayjs';
import type { Dayjs } from 'dayjs';
import { useEffect, useMemo } from 'react';
import { useSearchParams } from 'react-router';
import { useLedger } from '../../api/audit';
import type { LedgerFilter } from '../../api/audit';
import { asProblem } from '../../api/client';
import { useLabels } from '../../api/labels';
import { rowsOf } from '../../api/pages';
import { useUnits } from '../../api/queries';
import type { LedgerRow } from '../../api/types';
import { useLanguage } from '../../i18n/language';
import { factTypes } from '../../terms/audit';
import { minute } from '../../terms/dates';
import { factName } from '../../terms/facts';
import { fromWan, toWan } from '../../terms/money';
import { useAmountRule } from '../../ui/ActForm';
import { Nothing, PageHead, ProblemView } from '../../ui/Bits';
import { SearchOutlined } from '../../ui/icons';
import { LedgerRowDrawer, RowTag } from '../../ui/LedgerRow';
import { More } from '../../ui/Listing';
import { ProjectPicker } from '../../ui/ProjectPicker';

interface Entered {
  project?: string;
  unit?: string;
  actor?: string;
  type?: string;
  provision?: string;
  text?: string;
  days?: [Dayjs | null, Dayjs | null] | null;
  amount_from?: string | null;
  amount_to?: string | null;
}

const NAMES = ['project', 'unit', 'actor', 'type', 'provision', 'text', 'from', 'to', 'amount_from', 'amount_to'] as const;

/** The question that an address asks; null while it asks none. */
function questionOf(params: URLSearchParams): LedgerFilter | null {
  if (!params.has('ask') && !NAMES.some((n) => params.has(n))) return null;
  const of = (n: string) => params.get(n) ?? '';
  return {
    project: of('project'), unit: of('unit'), actor: of('actor'), type: of('type'), provision: of('provision'), text: of('text'),
    from: of('from'), to: of('to'), amount_from: of('amount_from'), amount_to: of('amount_to'),
  };
}

function enteredOf(q: LedgerFilter | null): Entered {
  if (!q) return {};
  const some = (s: string) => (s === '' ? undefined : s);
  const day = (s: string) => (s === '' ? null : dayjs(s));
  return {
    project: some(q.project), unit: some(q.unit), actor: some(q.actor), type: some(q.type), provision: some(q.provision), text: some(q.text),
    days: q.from === '' && q.to === '' ? undefined : [day(q.from), day(q.to)],
    amount_from: q.amount_from === '' ? undefined : toWan(Number(q.amount_from)),
    amount_to: q.amount_to === '' ? undefined : toWan(Number(q.amount_to)),
  };
}

/** What is entered, as the address has it. */
function addressOf(e: Entered): URLSearchParams {
  const p = new URLSearchParams({ ask: '1' });
  const fen = (v: string | null | undefined) => (v ? String(fromWan(v) ?? '') : '');
  const all: Record<(typeof NAMES)[number], string | undefined> = {
    project: e.project?.trim(), unit: e.unit, actor: e.actor?.trim(), type: e.type, provision: e.provision?.trim(), text: e.text?.trim(),
    from: e.days?.[0]?.format('YYYY-MM-DD'), to: e.days?.[1]?.format('YYYY-MM-DD'), amount_from: fen(e.amount_from), amount_to: fen(e.amount_to),
  };
  for (const n of NAMES) if (all[n]) p.set(n, all[n]);
  return p;
}

function Question({ asked, busy, onAsk }: { asked: LedgerFilter | null; busy: boolean; onAsk: (e: Entered | null) => void }) {
  const { t, pick } = useLanguage();
  const labels = useLabels();
  const units = useUnits().data ?? [];
  const amount = useAmountRule();
  const [form] = Form.useForm<Entered>();
  useEffect(() => {
    form.resetFields();
    form.setFieldsValue(enteredOf(asked));
  }, [form, asked]);
  const types = useMemo(
    () =>
      [...factTypes()].map(([service, list]) => ({
        label: labels.service(service),
        options: [
          { value: `egov.${service}.*`, label: t('ledgerAllOf', { service: labels.service(service) }) },
          ...list.map((value) => ({ value, label: pick(factName(value)) })),
        ],
      })),
    [labels, pick, t],
  );
  const money = <InputNumber<string> stringMode controls={false} suffix={t('wan')} className="wide" inputMode="decimal" />;
  return (
    <Form<Entered> form={form} name="ledger" layout="vertical" className="panel" onFinish={onAsk}>
      <div className="grid">
        <Form.Item name="text" label={t('ledgerText')}>
          <Input allowClear prefix={<SearchOutlined />} placeholder={t('ledgerTextHint')} />
        </Form.Item>
        <Form.Item name="project" label={t('ledgerProject')}>
          <ProjectPicker />
        </Form.Item>
        <Form.Item name="unit" label={t('ledgerUnit')}>
          <Select allowClear showSearch={{ optionFilterProp: 'label' }} options={units.map((u) => ({ value: u.code, label: labels.unit(u.code) }))} />
        </Form.Item>
        <Form.Item name="actor" label={t('ledgerActor')}>
          <Input allowClear />
        </Form.Item>
        <Form.Item name="type" label={t('ledgerType')}>
          <Select allowClear showSearch={{ optionFilterProp: 'label' }} options={types} />
        </Form.Item>
        <Form.Item name="provision" label={t('ledgerProvision')}>
          <Input allowClear placeholder={t('ledgerProvisionHint')} />
        </Form.Item>
        <Form.Item name="amount_from" label={t('ledgerAmountFrom')} rules={[amount]}>
          {money}
        </Form.Item>
        <Form.Item name="amount_to" label={t('ledgerAmountTo')} rules={[amount]}>
          {money}
        </Form.Item>
        <Form.Item name="days" label={t('ledgerDays')}>
          <DatePicker.RangePicker allowEmpty={[true, true]} className="wide" />
        </Form.Item>
      </div>
      <div className="act-foot">
        <Button type="primary" htmlType="submit" loading={busy}>
          {t('ledgerAsk')}
        </Button>
        <Button onClick={() => onAsk(null)}>{t('ledgerClear')}</Button>
      </div>
    </Form>
  );
}

/** The ledger, asked by any of what its rows say. */
export default function Ledger() {
  const { t, pick } = useLanguage();
  const labels = useLabels();
  const [params, setParams] = useSearchParams();
  const address = new URLSearchParams(params);
  address.delete('row');
  const key = address.toString();
  const question = useMemo(() => questionOf(new URLSearchParams(key)), [key]);
  const seq = Number(params.get('row') ?? 0) || 0;
  const found = useLedger(question);
  const first = found.data?.pages[0];
  const last = found.data?.pages.at(-1);
  const rows = rowsOf(found.data);
  const open = (n: number) => {
    const next = new URLSearchParams(address);
    if (n > 0) next.set('row', String(n));
    setParams(next);
  };
  const names: Record<string, string> = {
    project: t('ledgerProject'), unit: t('ledgerUnit'), actor: t('ledgerActor'), type: t('ledgerType'), provision: t('ledgerProvision'), text: t('ledgerText'),
    from: t('ledgerFrom'), to: t('ledgerTo'), amount_from: t('ledgerAmountFrom'), amount_to: t('ledgerAmountTo'),
  };
  const onAsk = (e: Entered | null) => {
    const next = e ? addressOf(e) : new URLSearchParams();
    if (e && next.toString() === key) void found.refetch();
    else setParams(next);
  };
  return (
    <>
      <PageHead title={t('navLedger')} lead={t('ledgerLead')} />
      <Question asked={question} busy={found.isFetching && !found.isFetchingNextPage} onAsk={onAsk} />
      <div className="panel">
        {found.isError && <ProblemView error={found.error} names={names} retry={asProblem(found.error).status < 500 ? undefined : () => void found.refetch()} />}
        {!found.isError && question === null && <Nothing title={t('ledgerBegin')} lead={t('ledgerBeginLead')} />}
        {!found.isError && question !== null && (
          <>
            {first && (
              <div className="filters quiet" role="status">
                {first.total && <span>{t(first.total.exact ? 'ledgerFound' : 'ledgerFoundMore', { n: first.total.rows })}</span>}
                <span>{t('ledgerStands', { rows: first.ledger_rows, signed: first.checkpoint_rows })}</span>
                {last && last.indexed_to < last.ledger_rows && <span className="warn">{t('ledgerBehind', { n: last.indexed_to })}</span>}
              </div>
            )}
            <Table<LedgerRow>
              rowKey="seq"
              dataSource={rows}
              loading={found.isPending}
              pagination={false}
              scroll={{ x: 960 }}
              aria-label={t('navLedger')}
              locale={{ emptyText: <Nothing title={t('ledgerEmpty')} lead={t('ledgerEmptyLead')} /> }}
              columns={[
                { title: t('ledgerSeq'), width: 90, align: 'right', render: (_, r) => <span className="num quiet">{r.seq}</span> },
                { title: t('ledgerWhen'), width: 150, render: (_, r) => <span className="num">{minute(r.at)}</span> },
                {
                  title: t('ledgerWhat'),
                  render: (_, r) => (
                    <a
                      href={`/audit/ledger?row=${r.seq}`}
                      className="strong"
                      onClick={(e) => {
                        e.preventDefault();
                        open(r.seq);
                      }}
                    >
                      {pick(factName(r.type))}
                    </a>
                  ),
                },
                { title: t('inboxDuty'), width: 120, render: (_, r) => labels.service(r.service) },
                {
                  title: t('ledgerWho'),
                  width: 230,
                  render: (_, r) => (
                    <>
                      {labels.unit(r.unit)} <span className="quiet">{r.actor}</span>
                    </>
                  ),
                },
                { title: t('ledgerAbout'), width: 200, ellipsis: true, render: (_, r) => <code title={r.subject}>{r.subject}</code> },
                { title: t('ledgerVouched'), width: 110, render: (_, r) => <RowTag row={r} /> },
              ]}
            />
            <More of={found} />
          </>
        )}
      </div>
      <LedgerRowDrawer seq={seq} onClose={() => open(0)} />
    </>
  );
}
