/// How a page looks: on a screen, light or dark, narrow or wide, and on paper.
enum StyleSheet {
  static var text: String {
    """
    :root { color-scheme: light dark; \(Palette.light.declarations) }
    @media (prefers-color-scheme: dark) { :root { \(Palette.dark.declarations) } }
    \(base)
    \(tables)
    \(plot)
    \(narrow)
    @media print { :root { color-scheme: light; \(Palette.light.declarations) } }
    \(print)
    """
  }

  private static let base = """
    * { box-sizing: border-box; }
    html { -webkit-text-size-adjust: 100%; scroll-behavior: smooth; }
    @media (prefers-reduced-motion: reduce) { html { scroll-behavior: auto; } }
    body { margin: 0; background: var(--paper); color: var(--ink); line-height: 1.55; font-size: 1rem;
      font-family: system-ui, -apple-system, "Segoe UI", Roboto, "Helvetica Neue", Arial, sans-serif; }
    .page { max-width: 66rem; margin: 0 auto; padding: 0 2rem; }
    body { overflow-wrap: anywhere; }
    a { color: var(--accent); text-underline-offset: .2em; }
    :focus-visible { outline: 2px solid var(--accent); outline-offset: 3px; }
    code, .id { font-family: ui-monospace, SFMono-Regular, Menlo, Consolas, "Liberation Mono", monospace;
      font-size: .85em; }
    .muted { color: var(--muted); }
    .eyebrow { margin: 0; color: var(--muted); font-size: .875rem; }
    .eyebrow strong { color: var(--ink); font-weight: 600; }
    .masthead { padding-top: 4rem; }
    h1 { max-width: 30ch; margin: 2.25rem 0 1.25rem; font-size: clamp(1.75rem, 1.2rem + 2.4vw, 2.75rem);
      line-height: 1.16; letter-spacing: -.021em; font-weight: 650; text-wrap: balance; }
    .sign { display: inline-flex; align-items: center; gap: .45em; padding: .2em .75em .2em .6em;
      border: 1px solid var(--ink); border-radius: 2em; font-size: .8125rem; font-weight: 600; line-height: 1.5;
      white-space: nowrap; }
    .sign.ready { border-color: var(--accent); color: var(--accent); }
    .sign.not-ready { background: var(--ink); color: var(--paper); }
    .sign.skipped, .sign.unknown { border-color: var(--line); color: var(--muted); border-style: dashed; }
    .verdict { margin: 2.75rem 0 -1rem; }
    .notes { max-width: 62ch; margin: 0; padding: 0; list-style: none; color: var(--muted); }
    .notes li + li { margin-top: .25rem; }
    .figures { display: grid; grid-template-columns: repeat(4, 1fr); gap: 0 2.5rem; margin: 3rem 0 0; }
    .figures > div { display: flex; flex-direction: column; border-top: 1px solid var(--ink); padding: .8rem 0; }
    .figures dt { color: var(--muted); font-size: .875rem; }
    .figures dd { margin: .2rem 0 0; font-size: 1.5rem; line-height: 1.25; font-weight: 600;
      letter-spacing: -.015em; }
    .figures dd + dd { margin-top: .35rem; color: var(--muted); font-size: .875rem; font-weight: 400;
      letter-spacing: 0; line-height: 1.45; }
    nav ul { display: flex; flex-wrap: wrap; gap: .35rem 1.75rem; margin: 2.5rem 0 0; padding: .9rem 0;
      border-block: 1px solid var(--line); list-style: none; font-size: .875rem; }
    nav a { color: var(--ink); text-decoration: none; }
    nav a:hover { color: var(--accent); text-decoration: underline; }
    section { padding-top: 4rem; }
    h2 { margin: 0 0 .5rem; font-size: 1.5rem; line-height: 1.25; letter-spacing: -.015em; font-weight: 650; }
    h3 { margin: 2.25rem 0 .25rem; font-size: 1.0625rem; font-weight: 650; }
    section p { max-width: 68ch; margin: .25rem 0 .75rem; }
    .callout { margin-top: 3rem; padding: 1.5rem 1.75rem; background: var(--surface);
      border-left: 3px solid var(--ink); }
    .callout h2 { font-size: 1.125rem; letter-spacing: 0; }
    .callout ul { margin: .5rem 0 0; padding-left: 1.1rem; }
    .callout li + li { margin-top: .4rem; }
    footer { margin-top: 5rem; padding: 1.5rem 0 4rem; border-top: 1px solid var(--line); color: var(--muted);
      font-size: .875rem; }
    footer p { max-width: 70ch; margin: 0 0 .35rem; }
    summary { cursor: pointer; color: var(--accent); width: fit-content; }
    """

  private static let tables = """
    table { width: 100%; margin-top: 1rem; border-collapse: collapse; font-size: .9375rem; }
    caption { padding-bottom: .6rem; text-align: left; color: var(--muted); font-size: .875rem; }
    th, td { padding: .7rem 1.5rem .7rem 0; border-bottom: 1px solid var(--line); text-align: left;
      vertical-align: top; }
    th:last-child, td:last-child { padding-right: 0; }
    thead th { padding-block: .4rem; border-bottom-color: var(--ink); color: var(--muted); font-size: .8125rem;
      font-weight: 500; vertical-align: bottom; }
    tbody th { min-width: 8.5rem; font-weight: 600; }
    td { min-width: 5.75rem; }
    td.long { min-width: 13rem; }
    tbody th time { font-weight: 500; }
    #readiness ~ table :is(th, td):first-child { width: 9.5rem; }
    #readiness ~ table :is(th, td):nth-child(2) { width: 10.5rem; }
    .number { text-align: right; font-variant-numeric: tabular-nums; white-space: nowrap; }
    time { white-space: nowrap; font-variant-numeric: tabular-nums; }
    td .muted, th .muted { display: block; font-size: .875rem; font-weight: 400; }
    td ul { margin: 0; padding: 0; list-style: none; }
    td li + li { margin-top: .25rem; }
    """

  private static let plot = """
    .plot { margin: 1.5rem 0 0; padding-right: .75rem; }
    .plot .lane { display: grid; grid-template-columns: 9rem 1fr; gap: 0 1.5rem; align-items: end;
      margin-top: 1.1rem; }
    .plot .label { line-height: 1.3; font-weight: 600; }
    .plot .label .muted { display: block; font-size: .8125rem; font-weight: 400; }
    .plot svg { display: block; width: 100%; height: 4.25rem; overflow: visible; }
    .plot .bar { fill: var(--accent); }
    .plot .ground { stroke: var(--line); stroke-width: 1; vector-effect: non-scaling-stroke; }
    .plot .reign { stroke: var(--ink); stroke-width: 3; vector-effect: non-scaling-stroke; }
    .plot .change { stroke: var(--ink); stroke-width: 1; stroke-dasharray: 2 3;
      vector-effect: non-scaling-stroke; }
    .plot .flags { position: relative; height: 1.6rem; }
    .plot .flag { position: absolute; bottom: 0; transform: translateX(-50%); min-width: 1.5rem; padding: 0 .35rem;
      border-radius: 1rem; background: var(--ink); color: var(--paper); font-size: .75rem; line-height: 1.5rem;
      font-weight: 600; text-align: center; white-space: nowrap; }
    .plot .scale { display: flex; justify-content: space-between; padding-top: .5rem; color: var(--muted);
      font-size: .8125rem; font-variant-numeric: tabular-nums; }
    figcaption { max-width: 68ch; margin-top: 1rem; color: var(--muted); font-size: .875rem; }
    .key { display: inline-block; width: 1.6em; height: 3px; margin-right: .3em; background: var(--ink);
      vertical-align: middle; }
    details { margin-top: 1rem; font-size: .9375rem; }
    """

  private static let narrow = """
    @media (max-width: 44rem) {
      .page { padding: 0 1.25rem; }
      .masthead { padding-top: 2rem; }
      .figures { grid-template-columns: 1fr 1fr; gap: 0 1.25rem; margin-top: 2rem; }
      .figures dd { font-size: 1.25rem; }
      section { padding-top: 3rem; }
      .callout { padding: 1.25rem; }
      .plot .lane { grid-template-columns: 1fr; gap: .4rem; margin-top: 1.5rem; }
      .plot .label .muted { display: inline; margin-left: .4em; }
      table, caption, tbody, tr, th, td { display: block; }
      thead { position: absolute; width: 1px; height: 1px; overflow: hidden; clip-path: inset(50%); }
      tbody tr { padding: .85rem 0; border-bottom: 1px solid var(--line); }
      tbody tr:first-child { border-top: 1px solid var(--ink); }
      th, td, td.long { min-width: 0; padding: 0; border: 0; }
      #readiness ~ table :is(th, td):nth-child(n) { width: auto; }
      td { display: grid; grid-template-columns: 7.5rem 1fr; gap: 0 .75rem; margin-top: .3rem; text-align: left; }
      td::before { content: attr(data-label); color: var(--muted); font-size: .8125rem; line-height: 1.9; }
      td > * { min-width: 0; }
      .number { text-align: left; white-space: normal; }
    }
    """

  private static let print = """
    @media print {
      @page { margin: 16mm 14mm; }
      html { font-size: 9pt; }
      th, td, tbody th { min-width: 4.75rem; padding: .45rem 1rem .45rem 0; }
      td.long { min-width: 10rem; }
      td.number { min-width: 0; }
      .page { max-width: none; padding: 0; }
      .masthead { padding-top: 0; }
      h1 { font-size: 22pt; }
      nav, details { display: none; }
      section { padding-top: 2rem; }
      h2, h3, section > p, caption, thead { break-after: avoid; }
      tr, .callout li, .lane, .figures > div, figcaption, .plot { break-inside: avoid; }
      thead { display: table-header-group; }
      .bar, .sign, .flag, .key, .callout { print-color-adjust: exact; -webkit-print-color-adjust: exact; }
      a { color: inherit; text-decoration: none; }
      footer { margin-top: 2rem; padding-bottom: 0; }
    }
    """
}
