import { Badge, Button, Drawer, Dropdown, Grid, Layout, Menu } from 'antd';
import { Suspense, useState } from 'react';
import type { ReactNode } from 'react';
import { Link, Outlet, useLocation } from 'react-router';
import { useLabels } from '../api/labels';
import { useInbox } from '../api/queries';
import { useSession, useSigned } from '../api/session';
import { useLanguage } from '../i18n/language';
import type { TextKey } from '../i18n/texts';
import { ANSWERERS, ROLES } from '../terms/names';
import { isFor, PARTS, REGISTERS } from '../terms/registers';
import type { Part, Register } from '../terms/registers';
import { Loading } from './Bits';
import {
  AccountBookOutlined, AppstoreOutlined, AuditOutlined, CalendarOutlined, DatabaseOutlined, FileAddOutlined, FileProtectOutlined, FolderOpenOutlined, InboxOutlined, KeyOutlined, LockOutlined, LogoutOutlined, MenuOutlined,
  ProfileOutlined, SafetyOutlined, SolutionOutlined, TeamOutlined, UsergroupAddOutlined, UserOutlined,
} from './icons';

/** The mark of the portal: a file that is checked. */
export function Mark() {
  return (
    <svg width="26" height="26" viewBox="0 0 32 32" aria-hidden>
      <path d="M6 10h18M6 16h11M6 22h7" stroke="#fff" strokeWidth="2.6" strokeLinecap="round" />
      <path d="m18 22 3 3 6-6.6" fill="none" stroke="#f2c14e" strokeWidth="2.8" strokeLinecap="round" strokeLinejoin="round" />
    </svg>
  );
}

/** Switches between Chinese and English. */
export function LanguageSwitch({ light }: { light?: boolean }) {
  const { t, lang, setLang } = useLanguage();
  return (
    <Button type="text" size="small" className={light ? 'on-dark' : undefined} lang={lang === 'zh' ? 'en' : 'zh-CN'} onClick={() => setLang(lang === 'zh' ? 'en' : 'zh')}>
      {t('language')}
    </Button>
  );
}

// The pages that the menu leads to besides the inbox.
const PLACES = ['/audit/ledger', '/audit/as-of', '/audit/flags', '/audit/cases', '/audit/exports', '/audit/verify', '/projects', '/declare', '/holidays', '/service-keys', '/resources', ...Object.keys(REGISTERS).map((name) => `/registers/${name}`)];

const PART_ICONS: Record<Part, ReactNode> = {
  planning: <ProfileOutlined />,
  review: <SolutionOutlined />,
  conference: <TeamOutlined />,
  money: <AccountBookOutlined />,
  security: <SafetyOutlined />,
  crypto: <FileProtectOutlined />,
  software: <AppstoreOutlined />,
  data: <DatabaseOutlined />,
  people: <UsergroupAddOutlined />,
};

function Navigation() {
  const { t, pick } = useLanguage();
  const { principal, today } = useSigned();
  const inbox = useInbox();
  const { pathname } = useLocation();
  const here = PLACES.find((p) => pathname.startsWith(p)) ?? '/';
  const has = (...roles: string[]) => roles.some((r) => principal.roles.includes(r));
  const to = (path: string, label: TextKey) => ({ key: path, label: <Link to={path}>{t(label)}</Link> });
  const registers = Object.values(REGISTERS);
  const toRegister = (r: Register) => ({ key: `/registers/${r.name}`, label: <Link to={`/registers/${r.name}`}>{pick(r.title)}</Link> });
  // The part of the menu that the page is in is open.
  const within = here === '/resources' ? 'data' : (registers.find((r) => here === `/registers/${r.name}`)?.part ?? 'audit');
  return (
    <nav className="nav" aria-label={t('menu')}>
      <Menu
        mode="inline"
        selectedKeys={[here]}
        defaultOpenKeys={[within]}
        items={[
          {
            key: '/',
            icon: <InboxOutlined />,
            label: (
              <Link to="/">
                {t('navInbox')} <Badge count={inbox.data?.items.length ?? 0} size="small" color="#b42318" />
              </Link>
            ),
          },
          // Who runs the platform sees none of its content.
          ...(has('operator', 'account_admin') ? [] : [{ ...to('/projects', 'navProjects'), icon: <FolderOpenOutlined /> }]),
          ...(has('declarer') ? [{ ...to('/declare', 'navDeclare'), icon: <FileAddOutlined /> }] : []),
          ...(has('auditor')
            ? [
                {
                  key: 'audit',
                  icon: <AuditOutlined />,
                  label: t('navAudit'),
                  children: [to('/audit/ledger', 'navLedger'), to('/audit/as-of', 'navAsOf'), to('/audit/flags', 'navFlags'), to('/audit/cases', 'navCases'), to('/audit/exports', 'navExports'), to('/audit/verify', 'navVerify')],
                },
              ]
            : has(...ANSWERERS)
              ? [{ ...to('/audit/cases', 'navCases'), icon: <AuditOutlined /> }]
              : []),
          ...(Object.keys(PARTS) as Part[]).flatMap((part) => {
            const children = registers.filter((r) => r.part === part && isFor(r, principal.roles)).map(toRegister);
            return children.length === 0 ? [] : [{ key: part, icon: PART_ICONS[part], label: pick(PARTS[part]), children: part === 'data' ? [to('/resources', 'navResources'), ...children] : children }];
          }),
          ...(has('operator') ? [{ ...to('/holidays', 'navHolidays'), icon: <CalendarOutlined /> }] : []),
          ...(has('operator', 'account_admin', 'auditor') ? [{ ...to('/service-keys', 'navKeys'), icon: <KeyOutlined /> }] : []),
        ]}
      />
      <div className="nav-foot quiet small">
        <div className="num">{t('today', { day: inbox.data?.today ?? today })}</div>
        <div>{t('notice')}</div>
      </div>
    </nav>
  );
}

/** The frame of every page once somebody is signed in. */
export function Shell() {
  const { t, pick } = useLanguage();
  const { signOut } = useSession();
  const { principal } = useSigned();
  const labels = useLabels();
  const wide = Grid.useBreakpoint().md ?? true;
  // The menu of a narrow screen is open where it was opened: going anywhere closes
  // it, and not before the link has been followed.
  const { key } = useLocation();
  const [openAt, setOpenAt] = useState('');
  const roles = principal.roles.map((r) => pick(ROLES[r] ?? { zh: r, en: r })).join('、');
  return (
    <Layout className="shell">
      <a className="skip" href="#content">
        {t('skip')}
      </a>
      <Layout.Header className="top">
        {!wide && <Button type="text" className="on-dark" icon={<MenuOutlined />} aria-label={t('menu')} onClick={() => setOpenAt(key)} />}
        <Link to="/" className="brand">
          <Mark />
          <span>{t('product')}</span>
        </Link>
        <div className="top-right">
          <LanguageSwitch light />
          <Dropdown
            trigger={['click']}
            menu={{
              items: [
                { key: 'who', disabled: true, label: `${t('roles')}：${roles}` },
                ...(principal.on_behalf_of ? [{ key: 'for', disabled: true, label: t('onBehalf', { name: principal.on_behalf_of }) }] : []),
                { type: 'divider' as const },
                { key: 'password', icon: <LockOutlined />, label: <Link to="/password">{t('passwordChange')}</Link> },
                { key: 'out', icon: <LogoutOutlined />, label: t('signout'), onClick: () => void signOut() },
              ],
            }}
          >
            <Button type="text" className="on-dark who" icon={<UserOutlined />} aria-label={`${t('me')}：${principal.name || principal.sub} ${labels.unit(principal.unit)}`}>
              <span className="who-name">{principal.name || principal.sub}</span>
              {wide && <span className="who-unit">{labels.unit(principal.unit)}</span>}
            </Button>
          </Dropdown>
        </div>
      </Layout.Header>
      <Layout>
        {wide && (
          <Layout.Sider width={204} className="side">
            <Navigation />
          </Layout.Sider>
        )}
        <Drawer open={openAt === key && !wide} placement="left" size={248} onClose={() => setOpenAt('')} title={t('product')} className="side-drawer">
          <Navigation />
        </Drawer>
        <Layout.Content id="content" className="content" tabIndex={-1}>
          <Suspense fallback={<Loading />}>
            <Outlet />
          </Suspense>
        </Layout.Content>
      </Layout>
    </Layout>
  );
}
