import { useMutation, useQueryClient } from '@tanstack/react-query';
import { Button, DatePicker, Descriptions, Form, Input, InputNumber, Popconfirm, Segmented, Tag } from 'antd';
import { useRef, useState } from 'react';
import { asProblem, at, get, newKey } from '../api/client';
import { useHolidays } from '../api/queries';
import { useSigned } from '../api/session';
import type { HolidayRange, Holidays as Published, Violation } from '../api/types';
import { useLanguage } from '../i18n/language';
import { daysOf, noticeField, noticeOf } from '../terms/holidays';
import type { NoticeEntry } from '../terms/holidays';
import { place, spoken } from '../terms/violations';
import { Loading, Nothing, PageHead, ProblemView } from '../ui/Bits';
import { DeleteOutlined, PlusOutlined } from '../ui/icons';
import { useSay } from '../ui/say';

function Ranges({ name, label }: { name: 'off' | 'work'; label: string }) {
  const { t } = useLanguage();
  return (
    <Form.List name={name}>
      {(entries, { add, remove }) => (
        <fieldset className="group">
          <legend>{label}</legend>
          {entries.map((e, i) => (
            <div key={e.key} className="grid list-entry">
              <Form.Item name={[e.name, 'name']} label={t('holidaysName')}>
                <Input aria-label={`${label} ${i + 1} ${t('holidaysName')}`} />
              </Form.Item>
              <Form.Item name={[e.name, 'name_en']} label={t('holidaysNameEn')}>
                <Input aria-label={`${label} ${i + 1} ${t('holidaysNameEn')}`} />
              </Form.Item>
              <Form.Item name={[e.name, 'days']} label={t('holidaysSpan')}>
                <DatePicker.RangePicker className="wide" />
              </Form.Item>
              <Button type="text" icon={<DeleteOutlined />} className="line-end" aria-label={`${t('remove')} ${label} ${i + 1}`} onClick={() => remove(e.name)}>
                {t('remove')}
              </Button>
            </div>
          ))}
          <Button type="dashed" icon={<PlusOutlined />} onClick={() => add({})} block>
            {label}：{t('holidaysAdd')}
          </Button>
        </fieldset>
      )}
    </Form.List>
  );
}

/** Enters one notice; whatever is wrong with it stands at its field, all at once. */
function NoticeForm({ year }: { year: number }) {
  const { t, pick } = useLanguage();
  const say = useSay();
  const client = useQueryClient();
  const [form] = Form.useForm<NoticeEntry>();
  const [rest, setRest] = useState<Violation[]>([]);
  const attempt = useRef({ said: '', key: '' });
  const publish = useMutation({
    mutationFn: () => {
      setRest([]);
      const body = noticeOf(form.getFieldsValue(true) as NoticeEntry);
      const said = JSON.stringify(body);
      if (attempt.current.said !== said) attempt.current = { said, key: newKey() };
      return get<Published>(at('identity', '/v1/holidays'), { method: 'POST', body, key: attempt.current.key });
    },
    onSuccess: (now) => {
      client.setQueryData(['holidays'], now);
      form.resetFields();
      say.done(t('holidaysDone'));
    },
    onError: (e) => {
      attempt.current = { said: '', key: '' };
      const { fields, rest: others } = place(asProblem(e).violations, noticeField);
      form.setFields([...fields.values()].map(({ path, list }) => ({ name: path as ['notice'], errors: list.map((v) => spoken(v, pick)) })));
      setRest(others);
    },
  });
  return (
    <section className="panel" aria-label={t('holidaysEnter')}>
      <h2>{t('holidaysEnter')}</h2>
      {publish.isError && (
        <div className="gap">
          <ProblemView error={publish.error} violations={rest} names={{ off: t('holidaysOff'), work: t('holidaysWork') }} />
        </div>
      )}
      <Form<NoticeEntry> form={form} name="notice" layout="vertical" initialValues={{ year, kind: 'notice', off: [{}], work: [] }}>
        <div className="grid">
          <Form.Item name="kind" label={t('holidaysFKind')}>
            <Segmented
              options={[
                { value: 'notice', label: t('holidaysKind_notice') },
                { value: 'amendment', label: t('holidaysKind_amendment') },
              ]}
            />
          </Form.Item>
          <Form.Item name="year" label={t('holidaysFYear')} required>
            <InputNumber className="wide" precision={0} controls={false} />
          </Form.Item>
          <Form.Item name="notice" label={t('holidaysFNotice')} required>
            <Input />
          </Form.Item>
        </div>
        <Ranges name="off" label={t('holidaysOff')} />
        <Ranges name="work" label={t('holidaysWork')} />
        <p className="quiet small">{t('holidaysLead')}</p>
        <Popconfirm title={t('holidaysSure')} okText={t('holidaysPublish')} onConfirm={() => publish.mutate()}>
          <Button type="primary" loading={publish.isPending}>
            {t('holidaysPublish')}
          </Button>
        </Popconfirm>
      </Form>
    </section>
  );
}

function RangeList({ list }: { list: HolidayRange[] | null }) {
  const { t, pick } = useLanguage();
  if (!list || list.length === 0) return <span className="quiet">{t('none')}</span>;
  return (
    <ul>
      {list.map((r) => (
        <li key={`${r.from}/${r.name}`}>
          {pick({ zh: r.name, en: r.name_en })} <span className="num">{r.to && r.to !== r.from ? `${r.from} — ${r.to}` : r.from}</span> <span className="quiet">{t('holidaysDays', { n: daysOf(r) })}</span>
        </li>
      ))}
    </ul>
  );
}

/** What is published about holidays, and for operators the way to publish. */
export default function Holidays() {
  const { t } = useLanguage();
  const { principal, today } = useSigned();
  const found = useHolidays();
  if (found.isPending) return <Loading />;
  if (found.isError) return <ProblemView error={found.error} retry={() => void found.refetch()} />;
  const { items, years } = found.data;
  const open = years.find((y) => !y.published)?.year ?? Number(today.slice(0, 4)) + 1;
  return (
    <>
      <PageHead title={t('holidays')} lead={t('holidaysLead')} />
      <section className="panel" aria-label={t('holidaysYears')}>
        <h2>{t('holidaysYears')}</h2>
        <Descriptions
          size="small"
          column={1}
          items={years.map((y) => ({
            key: y.year,
            label: t('holidaysYear', { year: y.year }),
            children: (
              <span>
                <Tag color={y.published ? 'success' : 'warning'}>{t(y.published ? 'holidaysOut' : 'holidaysNotOut')}</Tag>
                {y.published && (y.notice || <span className="quiet">{t('holidaysWithRelease')}</span>)}
              </span>
            ),
          }))}
        />
      </section>
      {principal.roles.includes('operator') && <NoticeForm year={open} />}
      <section className="panel" aria-label={t('holidaysPublished')}>
        <h2>{t('holidaysPublished')}</h2>
        {items.length === 0 && <Nothing title={t('holidaysNone')} lead={t('holidaysNoneLead')} />}
        {items.map((n) => (
          <article key={`${n.kind}/${n.year}/${n.notice}`} className="exchange">
            <h3>
              {n.notice} <Tag>{t('holidaysYear', { year: n.year })}</Tag>
              <Tag>{t(n.kind === 'amendment' ? 'holidaysKind_amendment' : 'holidaysKind_notice')}</Tag>
            </h3>
            <div className="quiet small">{t('holidaysBy', { by: n.published_by, on: n.published_on })}</div>
            <Descriptions
              size="small"
              column={{ xs: 1, md: 2 }}
              items={[
                { label: t('holidaysOff'), children: <RangeList list={n.off} /> },
                { label: t('holidaysWork'), children: <RangeList list={n.work} /> },
              ]}
            />
          </article>
        ))}
      </section>
    </>
  );
}
