import type { ThemeConfig } from 'antd';

/** The colours that charts and bars share with the components. */
export const COLOURS = {
  primary: '#1d4f91',
  ink: '#1f2a37',
  quiet: '#66758a',
  line: '#e3e8ef',
  ground: '#f3f5f8',
  good: '#2b7a4b',
  soon: '#b7791f',
  bad: '#b42318',
  faint: '#c9d3e0',
} as const;

// Who has asked the system for less motion gets none: nothing opens by growing.
const still = window.matchMedia('(prefers-reduced-motion: reduce)').matches;

/** A workplace's look: restrained colours, one radius, no shadows on cards. */
export const theme: ThemeConfig = {
  token: {
    motion: !still,
    colorPrimary: COLOURS.primary,
    colorInfo: COLOURS.primary,
    colorLink: COLOURS.primary,
    colorSuccess: COLOURS.good,
    colorWarning: '#a86a12',
    colorError: COLOURS.bad,
    colorPrimaryBg: '#e9f0f9',
    colorPrimaryBgHover: '#dbe7f5',
    colorPrimaryBorder: '#a9c3e4',
    colorPrimaryHover: '#2c65b0',
    colorPrimaryActive: '#153c70',
    colorInfoBg: '#eef4fb',
    colorInfoBorder: '#c5d8ef',
    colorSuccessBg: '#ebf6ef',
    colorSuccessBorder: '#b4dbc1',
    colorWarningBg: '#fdf6e8',
    colorWarningBorder: '#ecd5a3',
    colorErrorBg: '#fdf1ef',
    colorErrorBorder: '#f0c4bd',
    colorText: COLOURS.ink,
    colorTextSecondary: '#4b5a6d',
    colorTextDescription: COLOURS.quiet,
    colorBgLayout: COLOURS.ground,
    colorBorder: '#cfd7e2',
    colorBorderSecondary: COLOURS.line,
    borderRadius: 4,
    borderRadiusLG: 6,
    fontSize: 14,
    fontFamily: '"Noto Sans SC", "Source Han Sans SC", "Noto Sans CJK SC", "PingFang SC", "Microsoft YaHei", system-ui, sans-serif',
    motionDurationMid: '0.12s',
    motionDurationSlow: '0.18s',
  },
  components: {
    Layout: { headerBg: '#12335f', headerHeight: 52, headerPadding: '0 20px', siderBg: '#ffffff', bodyBg: COLOURS.ground },
    Menu: { itemHeight: 38, itemBorderRadius: 4, itemMarginInline: 8, activeBarBorderWidth: 0 },
    Table: { headerBg: '#f6f8fb', headerColor: '#4b5a6d', headerSplitColor: 'transparent', cellPaddingBlock: 10, cellPaddingInline: 12, cellPaddingBlockSM: 7 },
    Card: { headerFontSize: 15, headerHeight: 44, bodyPadding: 16 },
    Descriptions: { labelColor: COLOURS.quiet, itemPaddingBottom: 10 },
    Form: { itemMarginBottom: 16, verticalLabelPadding: '0 0 4px' },
    Tabs: { horizontalMargin: '0', titleFontSize: 14 },
    Tag: { defaultBg: '#f6f8fb' },
    Timeline: { itemPaddingBottom: 14 },
  },
};
