import { useMutation } from '@tanstack/react-query';
import { Alert, Button, Form, Input } from 'antd';
import { useState } from 'react';
import { useSession } from '../api/session';
import { useLanguage } from '../i18n/language';
import { ProblemView } from '../ui/Bits';
import { LockOutlined, TeamOutlined, UserOutlined } from '../ui/icons';
import { LanguageSwitch, Mark } from '../ui/Shell';

interface Entered {
  account: string;
  password: string;
  for?: string;
}

/** Where everybody begins. */
export function SignIn() {
  const { t } = useLanguage();
  const { state, signIn } = useSession();
  const [acting, setActing] = useState(false);
  const enter = useMutation({ mutationFn: (e: Entered) => signIn(e.account.trim(), e.password, e.for?.trim() ?? '') });
  return (
    <main className="signin">
      <section className="signin-side">
        <div className="brand">
          <Mark />
          <span>{t('product')}</span>
        </div>
        <p>{t('signinLead')}</p>
        <p className="signin-notice">{t('notice')}</p>
      </section>
      <section className="signin-form">
        <div className="signin-lang">
          <LanguageSwitch />
        </div>
        <div className="signin-box">
          <h1>{t('signin')}</h1>
          {state.is === 'out' && state.ended && !enter.isError && <Alert type="info" showIcon title={t('signedOut')} />}
          {enter.isError && <ProblemView error={enter.error} />}
          <Form<Entered> layout="vertical" requiredMark={false} size="large" onFinish={(e) => enter.mutate(e)}>
            <Form.Item name="account" label={t('account')} rules={[{ required: true, whitespace: true, message: t('accountNeeded') }]}>
              <Input prefix={<UserOutlined />} autoComplete="username" autoFocus />
            </Form.Item>
            <Form.Item name="password" label={t('password')} rules={[{ required: true, message: t('passwordNeeded') }]}>
              <Input.Password prefix={<LockOutlined />} autoComplete="current-password" />
            </Form.Item>
            {acting && (
              <Form.Item name="for" label={t('onBehalfOf')}>
                <Input prefix={<TeamOutlined />} autoComplete="off" />
              </Form.Item>
            )}
            <Button type="primary" htmlType="submit" block loading={enter.isPending} aria-label={t('signin')}>
              {t('signin')}
            </Button>
            {!acting && (
              <Button type="link" size="small" onClick={() => setActing(true)} className="signin-acting">
                {t('onBehalfAsk')}
              </Button>
            )}
          </Form>
        </div>
      </section>
    </main>
  );
}
